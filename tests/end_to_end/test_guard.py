"""The watch on the real registry, ledger and mart; scores are written by hand in the place of Spark."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from monitoring import Watch, guarded
from registry import VersionFilesError
from serving import Mart, Published, Scored, ScoringError, publish
from serving.score import _check_asked
from serving.udf import OUTPUTS
from stack.folders.atomic import sha256_of_files
from tests.end_to_end.conftest import Clone
from tests.end_to_end.proposals import aliases, log_run, put_in_production, roll_back, sound_evidence, state

DAY = date(2026, 3, 1)
PEOPLE = np.arange(600)
RISK = np.random.default_rng(5).beta(2, 5, len(PEOPLE))
Says = Callable[[np.ndarray], np.ndarray]
SOUND: Says = lambda risk: risk  # noqa: E731  # by its name in a table
TURNED: Says = lambda risk: 1 - risk  # noqa: E731
ODD: Says = lambda risk: risk / 20  # noqa: E731  # as when a feed is empty


@dataclass
class Shop:
    """A model's versions, what each says, and a mart of their own."""

    clone: Clone
    model: str
    run: str
    folder: Path
    says: dict[str, Says | str | VersionFilesError] = field(default_factory=dict)

    @property
    def mart(self) -> Mart:
        return Mart(f"{self.model}_scores", "user_id")

    def add(self, says: Says | str | VersionFilesError) -> str:
        """Promote a version that says this, or fails with these words."""
        put_in_production(self.clone, self.model, self.run, 1)
        version = state(self.clone, self.model).production or ""
        self.says[version] = says
        return version

    def apply(self, version: str) -> Scored:
        says = self.says[version]
        if isinstance(says, str):
            raise ScoringError(says)
        if isinstance(says, VersionFilesError):
            raise says
        rows = pd.DataFrame({"user_id": PEOPLE, "churn_probability": says(RISK)})
        for place in (1, 2, 3):
            rows[f"reason_{place}"] = pd.Series([None] * len(rows), dtype="string")
        self.folder.mkdir(exist_ok=True)
        rows.to_parquet(self.folder / "part.parquet")
        return Scored(self.folder, len(rows), 0.0, sha256_of_files(self.folder, "*.parquet"))

    def morning(self, day: date) -> tuple[str, str | None]:
        """Score with what is in production and publish: the version that did, and what was said."""
        done = guarded(self.watch(day), aliases(self.model)["production"], self.apply)
        part = Published("paid", done.scored, self.model, done.version, day + timedelta(32), done.scored.rows)
        publish(self.clone.url, self.mart, day, [part])
        return done.version, done.alert

    def watch(self, day: date) -> Watch:
        return Watch(self.clone.url, self.mart, "paid", self.model, day)


@pytest.fixture
def shop(clone: Clone, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    mlflow.set_experiment("guard tests")
    name = f"guard_{zlib.crc32(request.node.name.encode())}"
    MlflowClient().create_registered_model(name)
    yield Shop(clone, name, log_run(sound_evidence(), files=False), tmp_path / "scores")
    MlflowClient().delete_registered_model(name)


def test_a_sound_version_replaces_the_one_before_unremarked(shop: Shop) -> None:
    shop.add(SOUND)
    assert shop.morning(DAY) == ("1", None)
    shop.add(lambda risk: risk**1.1)
    assert shop.morning(DAY + timedelta(1)) == ("2", None)
    assert aliases(shop.model)["production"] == "2"


@pytest.mark.parametrize(
    ("says", "why"),
    [(TURNED, "rank correlation"), ("asks for 2 features that are not there", "asks for 2 features")],
    ids=["turned round", "cannot score"],
)
def test_a_broken_version_gives_way_to_the_one_before(shop: Shop, says: Says | str, why: str) -> None:
    shop.add(SOUND)
    shop.morning(DAY)
    shop.add(says)
    version, said = shop.morning(DAY + timedelta(1))
    assert (version, aliases(shop.model)["production"]) == ("1", "1")
    assert f"Version 2 of {shop.model} is broken on 2026-03-02: " in str(said)
    assert why in str(said)
    assert shop.morning(DAY + timedelta(2)) == ("1", None), "the next morning there is nothing to say"


def test_odd_data_are_not_blamed_on_the_version(shop: Shop) -> None:
    shop.add(SOUND)
    shop.morning(DAY)
    shop.add(SOUND)
    shop.says = dict.fromkeys(("1", "2"), ODD)
    version, said = shop.morning(DAY + timedelta(1))
    assert (version, aliases(shop.model)["production"]) == ("2", "2")
    assert "version 1 says so too" in str(said)


def test_neither_version_can_score_so_nothing_moves(shop: Shop) -> None:
    shop.add(SOUND)
    shop.morning(DAY)
    shop.add("workers miss a package")
    shop.says["1"] = "workers miss a package"
    with pytest.raises(ScoringError, match="Version 1 cannot score either, so nothing was rolled back"):
        shop.morning(DAY + timedelta(1))
    assert aliases(shop.model)["production"] == "2"


def test_the_first_version_ever_has_nothing_to_go_back_to(shop: Shop) -> None:
    shop.add(lambda risk: np.full(len(risk), 0.3))
    with pytest.raises(ScoringError, match="no version before it, so nothing was published"):
        shop.morning(DAY)


def test_a_version_is_watched_on_three_days_and_then_no_more(shop: Shop) -> None:
    shop.add(SOUND)
    shop.morning(DAY)
    shop.add(SOUND)
    for place in (1, 2, 3):
        assert shop.morning(DAY + timedelta(place)) == ("2", None)
    shop.says["2"] = TURNED
    assert shop.morning(DAY + timedelta(4)) == ("2", None)
    version, said = shop.morning(DAY + timedelta(3))
    assert (version, "rank" in str(said)) == ("1", True), "the third day scored again is still the third"


def test_what_a_person_withdrew_is_no_measure_of_what_came_back(shop: Shop) -> None:
    shop.add(SOUND)
    shop.morning(DAY)
    shop.add(SOUND)
    shop.morning(DAY + timedelta(1))
    publish_turned(shop, DAY + timedelta(2))
    roll_back(shop.clone, shop.model, "its lists were upside down")
    assert shop.morning(DAY + timedelta(3)) == ("1", None)


def publish_turned(shop: Shop, day: date) -> None:
    shop.says["2"] = TURNED
    scored = shop.apply("2")
    part = Published("paid", scored, shop.model, "2", day + timedelta(32), scored.rows)
    publish(shop.clone.url, shop.mart, day, [part])


@pytest.mark.parametrize(
    ("outputs", "columns", "said"),
    [
        (list(OUTPUTS), ["a"], "asks for 1 features that the snapshot does not have, such as b"),
        (["probability"], ["a", "b"], "does not give churn_probability, reason_1, reason_2, reason_3"),
    ],
    ids=["a feature is gone", "the probability is gone"],
)
def test_a_model_of_another_schema_is_refused_before_it_scores(
    outputs: list[str], columns: list[str], said: str
) -> None:
    signature = ModelSignature(
        Schema([ColSpec("double", name) for name in ("a", "b")]), Schema([ColSpec("double", name) for name in outputs])
    )
    with pytest.raises(ScoringError, match=said):
        _check_asked("Version 2 of m", signature, columns)


def test_a_version_whose_files_changed_is_not_replaced_but_looked_at(shop: Shop) -> None:
    """Who can change files in the bucket could otherwise choose between two versions."""
    shop.add(SOUND)
    shop.morning(DAY)
    shop.add(VersionFilesError("The files of version 2 were changed."))
    with pytest.raises(VersionFilesError, match="The files of version 2"):
        shop.morning(DAY + timedelta(1))
    assert aliases(shop.model)["production"] == "2"


def test_a_version_before_whose_files_changed_takes_no_place(shop: Shop) -> None:
    shop.add(SOUND)
    shop.morning(DAY)
    shop.add(TURNED)
    shop.says["1"] = VersionFilesError("The files of version 1 were changed.")
    with pytest.raises(ScoringError, match="Version 1 cannot score either, so nothing was rolled back"):
        shop.morning(DAY + timedelta(1))
    assert aliases(shop.model)["production"] == "2"

"""The canary on the real registry, ledger and mart; a test double writes the scores instead of Spark."""

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

from monitoring import CanaryTarget, score_with_canary
from registry import VersionFilesError
from serving import Mart, PopulationScores, ScoreFiles, ScoringError, publish
from serving.score import require_signature
from serving.udf import OUTPUTS
from stack.folders.atomic import sha256_of_files
from tests.end_to_end.conftest import Clone
from tests.end_to_end.proposals import aliases, log_run, put_in_production, roll_back, sound_evidence, state

DAY = date(2026, 3, 1)
PEOPLE = np.arange(600)
RISK = np.random.default_rng(5).beta(2, 5, len(PEOPLE))
Predict = Callable[[np.ndarray], np.ndarray]
SOUND: Predict = lambda risk: risk  # noqa: E731  # a named lambda for the tables of cases
REVERSED: Predict = lambda risk: 1 - risk  # noqa: E731
ODD: Predict = lambda risk: risk / 20  # noqa: E731  # as when a feed is empty


@dataclass
class Shop:
    """A model's versions, the scores of each, and their own mart."""

    clone: Clone
    model: str
    run: str
    folder: Path
    predictions: dict[str, Predict | str | VersionFilesError] = field(default_factory=dict)

    @property
    def mart(self) -> Mart:
        return Mart(f"{self.model}_scores", "user_id")

    def add(self, prediction: Predict | str | VersionFilesError) -> str:
        """Promote a version that predicts so, or fails with this error."""
        put_in_production(self.clone, self.model, self.run, 1)
        version = state(self.clone, self.model).production or ""
        self.predictions[version] = prediction
        return version

    def score(self, version: str) -> ScoreFiles:
        prediction = self.predictions[version]
        if isinstance(prediction, str):
            raise ScoringError(prediction)
        if isinstance(prediction, VersionFilesError):
            raise prediction
        rows = pd.DataFrame({"user_id": PEOPLE, "churn_probability": prediction(RISK)})
        for place in (1, 2, 3):
            rows[f"reason_{place}"] = pd.Series([None] * len(rows), dtype="string")
        self.folder.mkdir(exist_ok=True)
        rows.to_parquet(self.folder / "part.parquet")
        return ScoreFiles(self.folder, len(rows), 0.0, sha256_of_files(self.folder, "*.parquet"))

    def score_day(self, day: date) -> tuple[str, str | None]:
        """Score with the version in production and publish: the version that scored, and the alert."""
        result = score_with_canary(self.target(day), aliases(self.model)["production"], self.score)
        part = PopulationScores(
            "paid", result.scores, self.model, result.version, day + timedelta(32), result.scores.rows
        )
        publish(self.clone.url, self.mart, day, [part])
        return result.version, result.alert

    def target(self, day: date) -> CanaryTarget:
        return CanaryTarget(self.clone.url, self.mart, "paid", self.model, day)


@pytest.fixture
def shop(clone: Clone, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    mlflow.set_experiment("guard tests")
    name = f"guard_{zlib.crc32(request.node.name.encode())}"
    MlflowClient().create_registered_model(name)
    yield Shop(clone, name, log_run(sound_evidence(), files=False), tmp_path / "scores")
    MlflowClient().delete_registered_model(name)


def test_a_sound_version_replaces_the_previous_one_without_an_alert(shop: Shop) -> None:
    shop.add(SOUND)
    assert shop.score_day(DAY) == ("1", None)
    shop.add(lambda risk: risk**1.1)
    assert shop.score_day(DAY + timedelta(1)) == ("2", None)
    assert aliases(shop.model)["production"] == "2"


@pytest.mark.parametrize(
    ("prediction", "reason"),
    [(REVERSED, "rank correlation"), ("asks for 2 features that are not there", "asks for 2 features")],
    ids=["reversed", "cannot score"],
)
def test_a_broken_version_is_rolled_back_to_the_previous_one(
    shop: Shop, prediction: Predict | str, reason: str
) -> None:
    shop.add(SOUND)
    shop.score_day(DAY)
    shop.add(prediction)
    version, alert = shop.score_day(DAY + timedelta(1))
    assert (version, aliases(shop.model)["production"]) == ("1", "1")
    assert f"Version 2 of {shop.model} is broken on 2026-03-02: " in str(alert)
    assert reason in str(alert)
    assert shop.score_day(DAY + timedelta(2)) == ("1", None), "the next day there is no alert"


def test_odd_data_do_not_roll_back_the_version(shop: Shop) -> None:
    shop.add(SOUND)
    shop.score_day(DAY)
    shop.add(SOUND)
    shop.predictions = dict.fromkeys(("1", "2"), ODD)
    version, alert = shop.score_day(DAY + timedelta(1))
    assert (version, aliases(shop.model)["production"]) == ("2", "2")
    assert "Version 1 gives such scores too" in str(alert)


def test_if_neither_version_can_score_nothing_is_rolled_back(shop: Shop) -> None:
    shop.add(SOUND)
    shop.score_day(DAY)
    shop.add("workers miss a package")
    shop.predictions["1"] = "workers miss a package"
    with pytest.raises(ScoringError, match="Version 1 cannot score either, so nothing was rolled back"):
        shop.score_day(DAY + timedelta(1))
    assert aliases(shop.model)["production"] == "2"


def test_a_broken_first_version_publishes_nothing(shop: Shop) -> None:
    shop.add(lambda risk: np.full(len(risk), 0.3))
    with pytest.raises(ScoringError, match="There is no previous version, so nothing was published"):
        shop.score_day(DAY)


def test_a_version_is_checked_on_its_first_three_days_only(shop: Shop) -> None:
    shop.add(SOUND)
    shop.score_day(DAY)
    shop.add(SOUND)
    for place in (1, 2, 3):
        assert shop.score_day(DAY + timedelta(place)) == ("2", None)
    shop.predictions["2"] = REVERSED
    assert shop.score_day(DAY + timedelta(4)) == ("2", None)
    version, alert = shop.score_day(DAY + timedelta(3))
    assert (version, "rank" in str(alert)) == ("1", True), "the third day scored again is still the third"


def test_scores_of_a_withdrawn_version_are_no_reference_for_the_restored_one(shop: Shop) -> None:
    shop.add(SOUND)
    shop.score_day(DAY)
    shop.add(SOUND)
    shop.score_day(DAY + timedelta(1))
    publish_reversed(shop, DAY + timedelta(2))
    roll_back(shop.clone, shop.model, "its lists were upside down")
    assert shop.score_day(DAY + timedelta(3)) == ("1", None)


def publish_reversed(shop: Shop, day: date) -> None:
    shop.predictions["2"] = REVERSED
    scores = shop.score("2")
    part = PopulationScores("paid", scores, shop.model, "2", day + timedelta(32), scores.rows)
    publish(shop.clone.url, shop.mart, day, [part])


@pytest.mark.parametrize(
    ("outputs", "columns", "sentence"),
    [
        (list(OUTPUTS), ["a"], "needs 1 features that the snapshot does not have, such as b"),
        (["probability"], ["a", "b"], "does not return churn_probability, reason_1, reason_2, reason_3"),
    ],
    ids=["a feature is gone", "the probability is gone"],
)
def test_a_version_with_another_signature_is_an_error_before_it_scores(
    outputs: list[str], columns: list[str], sentence: str
) -> None:
    signature = ModelSignature(
        Schema([ColSpec("double", name) for name in ("a", "b")]), Schema([ColSpec("double", name) for name in outputs])
    )
    with pytest.raises(ScoringError, match=sentence):
        require_signature("Version 2 of m", signature, columns)


def test_a_version_whose_files_changed_is_not_replaced(shop: Shop) -> None:
    """Otherwise, a user who can change files in the bucket could choose between two versions."""
    shop.add(SOUND)
    shop.score_day(DAY)
    shop.add(VersionFilesError("The files of version 2 were changed", "roll back"))
    with pytest.raises(VersionFilesError, match="The files of version 2"):
        shop.score_day(DAY + timedelta(1))
    assert aliases(shop.model)["production"] == "2"


def test_a_previous_version_whose_files_changed_is_not_restored(shop: Shop) -> None:
    shop.add(SOUND)
    shop.score_day(DAY)
    shop.add(REVERSED)
    shop.predictions["1"] = VersionFilesError("The files of version 1 were changed", "roll back")
    with pytest.raises(ScoringError, match="Version 1 cannot score either, so nothing was rolled back"):
        shop.score_day(DAY + timedelta(1))
    assert aliases(shop.model)["production"] == "2"

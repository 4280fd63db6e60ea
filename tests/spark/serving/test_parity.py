"""A version scored three ways: what differs is seen, what is missing is said."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest

from serving.parity import ParityError, Usable, native, usable_files
from tests.unit.builders import feature, frame, is_one_sentence
from training.bundle import write_bundle
from training.candidate import Candidate
from training.families import family
from training.version import _signature

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS = frame([date(2026, 1, 1)], entities=1500)
FEATURES = [feature("days_since_last"), feature("sum", measure="minutes"), feature("count")]
NAMES = tuple(one.name for one in FEATURES)
CODE = Path(__file__).parents[3] / "training" / "churn_model.py"
#: as the stored code, but for one thing that went wrong between the library and the reader.
WRONG = {
    "class": ('"churn_probability": self.bundle.probability(rows)',
              '"churn_probability": (self.bundle.probability(rows) > 0.5) * 1.0'),
    "null": ("rows = self.bundle.rows(model_input)", "rows = np.nan_to_num(self.bundle.rows(model_input))"),
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fitted model as it is stored."""
    fitted = family("xgboost").fit(ROWS.rows, ROWS.labels, {}, 1)
    candidate = Candidate("xgboost", {}, fitted, {"slope": 1.0, "intercept": 0.0}, ())
    folder = tmp_path_factory.mktemp("made") / "bundle"
    write_bundle(folder, candidate, FEATURES, {})
    return folder


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "as_of=2026-01-01" / "abc"
    folder.mkdir(parents=True)
    who = np.where(ROWS.entity % 100 == 0, "trial", "paid")
    told = {"user_id": ROWS.entity, "population": who, "label": ROWS.labels}
    pd.DataFrame(ROWS.rows, columns=list(NAMES)).assign(**told).to_parquet(folder / "part.parquet")
    return folder


def version(folder: Path, bundle: Path, code: Path = CODE) -> Path:
    """The files of a version, as MLflow keeps them."""
    mlflow.pyfunc.save_model(
        str(folder), python_model=str(code), artifacts={"bundle": str(bundle)}, pip_requirements=[],
        signature=_signature(NAMES),
    )  # fmt: skip
    return folder


def measured(spark: "SparkSession", snapshot: Path, files: Path, population: str = "paid") -> Usable:
    return usable_files(spark, snapshot, population, "user_id", files, "models:/shop_churn/2")


def test_all_three_ways_say_the_same_to_the_last_digit(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path
) -> None:
    files = version(tmp_path / "model", bundle)
    found = measured(spark, snapshot, files)
    assert (found.pyfunc, found.spark) == (0.0, 0.0)
    assert 900 < found.rows < 1100, "of 1,485 members"
    assert found.bytes == sum(path.stat().st_size for path in files.rglob("*") if path.is_file())
    assert 0 < found.ms_per_1000_rows < 60_000
    own = native(files).probability(ROWS.rows)
    assert own == pytest.approx(1 / (1 + np.exp(-family("xgboost").margin(native(files).native, ROWS.rows))))


@pytest.mark.parametrize("what", WRONG)
def test_a_version_that_says_otherwise_than_its_model_is_seen(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path, what: str
) -> None:
    before, after = WRONG[what]
    text = CODE.read_text()
    assert before in text
    (tmp_path / "churn_model.py").write_text(text.replace(before, after))
    found = measured(spark, snapshot, version(tmp_path / "model", bundle, tmp_path / "churn_model.py"))
    assert found.pyfunc > 0.001
    assert found.spark > 0.001


def test_nobody_to_score_is_said(spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path) -> None:
    files = version(tmp_path / "model", bundle)
    with pytest.raises(ParityError, match="as_of=2026-01-01 has no member of guests") as caught:
        measured(spark, snapshot, files, "guests")
    assert is_one_sentence(caught.value)

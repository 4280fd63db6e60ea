"""A version scored in three ways: differences are measured, missing rows are an error."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pytest

from registry import VersionFiles
from serving import udf
from serving.model_process import load_native
from serving.parity import ParityError, ScoringBenchmark, benchmark_scoring
from serving.score import ReasonRule, ScoreFiles, ScoringError, score_population
from serving.udf import plan_tasks
from serving.worker_model import BatchScorer, Members, batch_scorer, load_verified, read_split
from tests.spark.conftest import SECRETS
from tests.unit.builders import feature, frame, is_one_sentence
from training.models.bundle import write_bundle
from training.models.families import family
from training.models.fit import fit_family
from training.models.version import _signature
from training.search.candidate import Candidate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS = frame([date(2026, 1, 1)], entities=1500)
FEATURES = [feature("days_since_last"), feature("sum", measure="minutes"), feature("count")]
NAMES = tuple(declared.name for declared in FEATURES)
CODE = Path(__file__).parents[3] / "training" / "models" / "churn_model.py"
#: as the stored code would be if a release of it had gone wrong between the library and the reader.
WRONG = {
    "class": ('"churn_probability": self.bundle.probability(rows)',
              '"churn_probability": (self.bundle.probability(rows) > 0.5) * 1.0'),
    "null": ("rows = self.bundle.rows(model_input)", "rows = np.nan_to_num(self.bundle.rows(model_input))"),
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fitted model as it is stored."""
    fitted = fit_family("xgboost", ROWS.rows, ROWS.labels, {}, 1)
    candidate = Candidate("xgboost", {}, fitted, {"slope": 1.0, "intercept": 0.0}, ())
    folder = tmp_path_factory.mktemp("made") / "bundle"
    write_bundle(folder, candidate, FEATURES, {})
    return folder


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "as_of=2026-01-01" / "abc"
    folder.mkdir(parents=True)
    who = np.where(ROWS.entity % 100 == 0, "trial", "paid")
    columns = {"user_id": ROWS.entity, "population": who, "label": ROWS.labels}
    pd.DataFrame(ROWS.rows, columns=list(NAMES)).assign(**columns).to_parquet(folder / "part.parquet")
    return folder


def version(folder: Path, bundle: Path, code: Path = CODE) -> Path:
    """The files of a version, as MLflow keeps them."""
    mlflow.pyfunc.save_model(
        str(folder), python_model=str(code), artifacts={"bundle": str(bundle)}, pip_requirements=[],
        signature=_signature(NAMES),
    )  # fmt: skip
    return folder


def measured(spark: "SparkSession", snapshot: Path, files: Path, population: str = "paid") -> ScoringBenchmark:
    return benchmark_scoring(spark, snapshot, population, "user_id", VersionFiles("shop_churn", "2", files))


def test_all_three_ways_say_the_same_to_the_last_digit(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path
) -> None:
    files = version(tmp_path / "model", bundle)
    benchmark = measured(spark, snapshot, files)
    assert (benchmark.pyfunc, benchmark.spark, benchmark.texts) == (0.0, 0.0, [])
    assert 900 < benchmark.rows < 1100, "of 1,485 members"
    assert benchmark.bytes == sum(path.stat().st_size for path in files.rglob("*") if path.is_file())
    assert 0 < benchmark.ms_per_1000_rows < 60_000
    probability = load_native(files).probability(ROWS.rows)
    assert probability == pytest.approx(
        1 / (1 + np.exp(-family("xgboost").margin(load_native(files).native, ROWS.rows)))
    )


@pytest.mark.parametrize("what", ["class", pytest.param("null", marks=pytest.mark.slow)])
def test_a_version_that_says_otherwise_than_its_model_is_seen(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path, what: str
) -> None:
    before, after = WRONG[what]
    text = CODE.read_text()
    assert before in text
    (tmp_path / "churn_model.py").write_text(text.replace(before, after))
    benchmark = measured(spark, snapshot, version(tmp_path / "model", bundle, tmp_path / "churn_model.py"))
    assert benchmark.pyfunc > 0.001
    assert benchmark.spark > 0.001


def test_nobody_to_score_is_said(spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path) -> None:
    files = version(tmp_path / "model", bundle)
    with pytest.raises(ParityError, match="as_of=2026-01-01 has no member of guests") as caught:
        measured(spark, snapshot, files, "guests")
    assert is_one_sentence(caught.value)


def scored(spark: "SparkSession", snapshot: Path, files: Path, target: Path) -> ScoreFiles:
    return score_population(spark, snapshot, "paid", "user_id", VersionFiles("shop_churn", "2", files), target)


def test_a_reason_that_there_is_not_is_null_in_the_scores(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path
) -> None:
    files = version(tmp_path / "model", bundle)
    done = scored(spark, snapshot, files, tmp_path / "scores")
    scores = pd.read_parquet(done.folder).set_index("user_id").sort_index()
    assert done.rows == len(scores) == 1485
    paid = ROWS.entity % 100 != 0
    reasons = load_native(files).reasons(ROWS.rows[paid])
    assert scores[["reason_1", "reason_2", "reason_3"]].to_numpy().tolist() == [
        [*texts, *[None] * (3 - len(texts))] for texts in reasons
    ]
    assert scores["reason_3"].isna().any()


def test_the_scores_are_those_of_the_udf_of_mlflow(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path
) -> None:
    """Workers read the files themselves; the reference gets the rows from Spark."""
    from pyspark.sql import functions as F  # noqa: N812

    files = version(tmp_path / "model", bundle)
    done = scored(spark, snapshot, files, tmp_path / "scores")
    predict = mlflow.pyfunc.spark_udf(spark, str(files), result_type="double", env_manager="local")
    rows = spark.read.parquet(str(snapshot)).where("population = 'paid'")
    reference = rows.select("user_id", predict(F.struct(*NAMES)).alias("reference")).toPandas()
    both = pd.read_parquet(done.folder).merge(reference, on="user_id")
    assert len(both) == done.rows == 1485
    assert np.abs(both["churn_probability"] - both["reference"]).max() <= 1e-9


@pytest.mark.parametrize(
    ("rule", "share"),
    [(ReasonRule(deciles=2), 0.2), (ReasonRule(from_probability=0.5), None), (ReasonRule(2, 0.5), None)],
    ids=["the riskiest fifth", "above a probability", "both"],
)
def test_only_the_people_of_the_rule_get_reasons_and_all_get_the_same_probability(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path, rule: ReasonRule, share: float | None
) -> None:
    files = version(tmp_path / "model", bundle)
    everybody = pd.read_parquet(scored(spark, snapshot, files, tmp_path / "all").folder).set_index("user_id")
    done = score_population(
        spark, snapshot, "paid", "user_id", VersionFiles("shop_churn", "2", files), tmp_path / "some", reasons=rule
    )
    some = pd.read_parquet(done.folder).set_index("user_id").loc[everybody.index]
    assert (some["churn_probability"] == everybody["churn_probability"]).all()
    limit = rule.smallest_probability(everybody["churn_probability"].to_numpy()) if rule.deciles < 10 else 0.5
    explained = everybody["churn_probability"] >= limit
    if share is not None:
        assert explained.mean() >= share
    assert 0 < explained.sum() < len(everybody)
    expected = everybody["reason_1"].where(explained, None)
    assert some["reason_1"].where(some["reason_1"].notna(), None).tolist() == expected.tolist()


def test_a_small_row_group_is_divided_among_all_cores(snapshot: Path, tmp_path: Path) -> None:
    tasks = plan_tasks(snapshot, 4)
    members = Members("paid", False, "user_id", pa.int64(), NAMES)
    keys = [
        [key for split in splits for rows in read_split(split, members) for key in rows.column("user_id").to_pylist()]
        for splits in tasks
    ]
    assert len(tasks) == 4
    assert min(map(len, keys)) > 200
    assert sorted(key for part in keys for key in part) == sorted(ROWS.entity[ROWS.entity % 100 != 0].tolist())
    assert plan_tasks(tmp_path, 4) == [[]], "nobody is scored by one task"


def as_mlflow_does(contents: object, sha256: str, outputs: list[str], reasons_from: float = 0.0) -> BatchScorer:
    """What MLflow's `spark_udf` makes of a missing text."""
    inner = batch_scorer(contents, sha256, outputs, reasons_from)

    def score(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for answers in inner(batches):
            yield answers.astype({name: str for name in outputs if name.startswith("reason")})

    return score


def test_texts_in_the_place_of_nulls_are_told_by_their_column_and_not_published(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = version(tmp_path / "model", bundle)
    monkeypatch.setattr(udf, "batch_scorer", as_mlflow_does)
    with pytest.raises(
        ScoringError, match=r"reason_3 differs on [\d,]+ of 1,000 rows, such as 'None' for None"
    ) as caught:
        scored(spark, snapshot, files, tmp_path / "scores")
    assert is_one_sentence(caught.value)
    assert not (tmp_path / "scores").exists()
    assert any(text.startswith("reason_3 differs on ") for text in measured(spark, snapshot, files).texts)


def test_a_version_that_cannot_be_loaded_on_a_worker_is_a_sentence(
    spark: "SparkSession", snapshot: Path, bundle: Path, tmp_path: Path
) -> None:
    files = version(tmp_path / "model", bundle)
    native_file = files / "artifacts" / "bundle" / "model.ubj"
    native_file.write_bytes(native_file.read_bytes()[:1000])
    with pytest.raises(ScoringError, match=r"Version 2 of shop_churn cannot score the rows: .*Error: ") as caught:
        scored(spark, snapshot, files, tmp_path / "scores")
    assert is_one_sentence(caught.value)


def test_a_worker_loads_nothing_but_the_files_that_were_sent(tmp_path: Path, bundle: Path) -> None:
    files = VersionFiles("shop_churn", "2", version(tmp_path / "model", bundle))
    sent = {**files.contents(), "churn_model.py": b"open('ran', 'w')"}
    with pytest.raises(ValueError, match="other files of the version than were sent"):
        load_verified(sent, files.loaded_sha256)


def test_spark_and_its_workers_are_given_no_secret(spark: "SparkSession") -> None:
    """The session of these tests was started by a process that had some."""
    from pyspark.sql.functions import udf as python_udf

    names = python_udf(lambda _: sorted(os.environ), "array<string>")  # type: ignore[call-overload]
    seen = set(spark.range(1).select(names("id")).first()[0])
    java = psutil.Process(spark.sparkContext._gateway.proc.pid)
    assert "PATH" in seen
    assert not {*SECRETS} & (seen | {*java.environ()})

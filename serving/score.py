"""Score one population of a snapshot with the Spark UDF of a registered version, and check the scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyarrow import parquet

from registry import PARITY_TOLERANCE, VersionFiles
from serving.local_scoring import ModelProcessError, different_texts, last_error, run_model_process
from serving.udf import REASONS, SAMPLE_ROWS, feature_names, plan_tasks, score_snapshot, signature_gap
from serving.worker_model import Members, read_split, to_frame
from stack.engines.paths import spark_path
from stack.errors import PrichalError
from stack.folders.atomic import fresh_partial, publish_directory, sha256_of_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class ScoringError(PrichalError):
    """A version cannot score, or its scores failed a check; nothing is published."""


@dataclass(frozen=True)
class ReasonRule:
    """Who gets reasons: people of the riskiest deciles with at least a probability. By default, everybody.

    Attributes:
        deciles: number of riskiest deciles, 1 to 10.
        from_probability: 0 to 1, such as the probability from which the project acts.
    """

    deciles: int = 10
    from_probability: float = 0.0

    def __post_init__(self) -> None:
        if not (1 <= self.deciles <= 10 and 0 <= self.from_probability <= 1):
            raise ScoringError(
                f"{self} is not allowed: give 1 to 10 deciles and a probability from 0 to 1 in the project's reasons."
            )

    def smallest_probability(self, probability: NDArray[np.float64]) -> float:
        """The smallest probability that gets reasons, among the probabilities of a population, shape (n,)."""
        if not len(probability):
            return self.from_probability
        riskiest = -(-len(probability) * self.deciles // 10)
        return max(self.from_probability, float(np.sort(probability)[len(probability) - riskiest]))


ALL_REASONS = ReasonRule()


@dataclass(frozen=True)
class ScoreFiles:
    """Scores of one population as a folder of Parquet: entity, churn_probability, reason_1 to reason_3.

    Attributes:
        folder: of the files.
        rows: number of scored rows.
        largest_difference: between the probabilities of the Spark UDF and of the model without Spark, on a sample.
        files_sha256: file name -> SHA-256 of the file as it was written and checked; only these files are published.
    """

    folder: Path
    rows: int
    largest_difference: float
    files_sha256: Mapping[str, str]


def score_population(
    spark: "SparkSession",
    snapshot: Path,
    population: str,
    entity: str,
    files: VersionFiles,
    target: Path,
    unlabelled: bool = False,
    reasons: ReasonRule = ALL_REASONS,
) -> ScoreFiles:
    """Score the population's rows of a snapshot.

    Args:
        spark: the session.
        snapshot: folder of the snapshot.
        population: only its members are scored.
        entity: name of the entity's column.
        files: of the version.
        target: folder for the scores, which belongs to this run; a second call replaces its content.
        unlabelled: whether only the rows without a label are scored.
        reasons: who gets reasons.

    Raises:
        ScoringError: the snapshot lacks a feature that the version needs, or the version lacks an output; a
            probability is missing or outside [0, 1]; rows are missing; or the UDF and the model differ.
    """
    from pyspark.errors import PythonException
    from pyspark.sql import functions as F  # noqa: N812

    rows = spark.read.parquet(spark_path(snapshot)).where(F.col("population") == population)
    require_signature(files.name, files.signature, rows.columns)
    if unlabelled:
        rows = rows.where(F.col("label").isNull())
    partial = fresh_partial(target)
    place = (snapshot, entity, population, unlabelled)
    try:
        reasons_from = _smallest_explained(spark, files, place, reasons)
        score_snapshot(spark, files, *place, reasons_from).write.parquet(str(partial))
    except PythonException as error:  # raised by the model's own code, on a worker
        raise ScoringError(
            f"{files.name} cannot score the rows: {last_error(str(error))}; nothing was published, roll back, or "
            "train again."
        ) from None
    written_sha256 = sha256_of_files(partial, "*.parquet")
    written = spark.read.parquet(spark_path(partial))
    total = _check_rows(written, rows.count(), files.name)
    difference = _check_parity(written, files, place, reasons_from)
    publish_directory(partial, target)
    return ScoreFiles(target, total, difference, written_sha256)


def require_signature(version_name: str, signature: Any, columns: Sequence[str]) -> None:
    """Check that the rows have every feature that the version needs, and that it declares every output.

    Raises:
        ScoringError: a feature or an output is missing.
    """
    gap = signature_gap(signature, columns)
    if gap.missing_features:
        raise ScoringError(
            f"{version_name} needs {len(gap.missing_features)} features that the snapshot does not have, such as "
            f"{gap.missing_features[0]}: nothing was published; roll back, or declare them."
        )
    if gap.missing_outputs:
        raise ScoringError(
            f"{version_name} does not return {', '.join(gap.missing_outputs)}: nothing was published; roll back to a "
            "version that does."
        )


def _check_rows(written: "DataFrame", expected: int, version_name: str) -> int:
    from pyspark.sql import functions as F  # noqa: N812

    is_valid = F.col("churn_probability").between(0, 1)
    counts = written.select(F.count("*"), F.count(F.when(is_valid, 1))).first()
    total, valid = (counts[0], counts[1]) if counts else (0, 0)
    if total != expected or valid != total:
        raise ScoringError(
            f"{version_name} returned {total} rows for {expected}, {total - valid} of them without "
            "a probability from 0 to 1: nothing was published; roll back, or look at the features of that date."
        )
    return int(total)


def _smallest_explained(
    spark: "SparkSession", files: VersionFiles, place: tuple[Path, str, str, bool], reasons: ReasonRule
) -> float:
    """The smallest probability that gets reasons; deciles need all probabilities, which cost little without reasons."""
    if reasons.deciles == ALL_REASONS.deciles:
        return reasons.from_probability
    scores = score_snapshot(spark, files, *place, reasons_from=2.0).select("churn_probability").toPandas()
    return reasons.smallest_probability(scores["churn_probability"].to_numpy())


def _check_parity(
    written: "DataFrame", files: VersionFiles, place: tuple[Path, str, str, bool], reasons_from: float
) -> float:
    """Largest difference between the probabilities of the workers and of the model without Spark, on sampled rows.

    Raises:
        ScoringError: it is too large, a text differs, or the version failed without Spark.
    """
    snapshot, entity, population, unlabelled = place
    sample = _read_sample(snapshot, entity, population, unlabelled, feature_names(files.signature))
    if sample.empty:
        return 0.0
    try:
        local = run_model_process(files, "reasons", sample[feature_names(files.signature)])
    except ModelProcessError as error:
        raise ScoringError(f"Nothing was published. {error}") from None
    local = local.reset_index(drop=True).assign(**{entity: sample[entity]})
    keys = [key for key in sample[entity].tolist() if key is not None]
    both = written.where(written[entity].isin(keys)).toPandas().merge(local, on=entity, suffixes=("", "_local"))
    theirs = both[["churn_probability_local", *(f"{name}_local" for name in REASONS)]]
    theirs.columns = pd.Index(["churn_probability", *REASONS])
    theirs.loc[both["churn_probability"] < reasons_from, list(REASONS)] = None
    largest = float(np.abs(theirs["churn_probability"] - both["churn_probability"]).max())
    failures = list(different_texts(both, theirs, REASONS).values())
    if not largest <= PARITY_TOLERANCE:
        failures.insert(0, f"churn_probability differs by {largest:.2e}, at most {PARITY_TOLERANCE:.0e} is allowed")
    if failures:
        raise ScoringError(
            f"The Spark UDF and the model of {files.name.lower()} give different scores: {'; '.join(failures)}; "
            "nothing was published, check that workers run the packages the model was trained with."
        )
    return largest


def _read_sample(
    snapshot: Path, entity: str, population: str, unlabelled: bool, features: Sequence[str]
) -> pd.DataFrame:
    """Entity and features, as floats, of the first members of a population."""
    frames: list[pd.DataFrame] = []
    for split in plan_tasks(snapshot, 1)[0]:
        schema = parquet.read_schema(split.path)
        members = Members(population, unlabelled, entity, schema.field(entity).type, tuple(features))
        for rows in read_split(split, members):
            frames.append(to_frame(rows, features).assign(**{entity: rows.column(entity).to_pylist()}))
            if sum(map(len, frames)) >= SAMPLE_ROWS:
                return pd.concat(frames, ignore_index=True).head(SAMPLE_ROWS)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[entity, *features])

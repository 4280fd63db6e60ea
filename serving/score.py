"""Score a snapshot through the Spark UDF of the registered model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from registry import VersionFiles
from serving.local_scoring import ModelProcessError, ask, different_texts, last_error
from serving.udf import SAMPLE, TEXTS, TOLERANCE, apply, inputs, lacking
from stack.errors import PrichalError
from stack.folders.atomic import adopt, fresh_partial, sha256_of_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class ScoringError(PrichalError):
    """What came out of the scoring cannot be published."""


@dataclass(frozen=True)
class Scored:
    """Scores of one population as a folder of Parquet: entity, churn_probability, reason_1 to reason_3.

    Attributes:
        files_sha256: SHA-256 of each file as it was written and checked, by name; no other file may be published.
    """

    folder: Path
    rows: int
    largest_difference: float
    files_sha256: Mapping[str, str]


def score(
    spark: "SparkSession",
    snapshot: Path,
    population: str,
    entity: str,
    files: VersionFiles,
    target: Path,
    unlabelled: bool = False,
) -> Scored:
    """Score the population's rows of a snapshot.

    Args:
        spark: the session.
        snapshot: folder of the snapshot.
        population: only its members are scored.
        entity: name of the entity's column.
        files: of the version.
        target: folder for the scores, this run's own; what the run wrote there before is replaced.
        unlabelled: whether only the rows without a label are scored.

    Raises:
        ScoringError: the model asks for a feature that is not there, or says no probability; one is missing or
            outside [0, 1], rows got lost, or the UDF disagrees with the model itself.
    """
    from pyspark.errors import PythonException
    from pyspark.sql import functions as F  # noqa: N812

    rows = spark.read.parquet(str(snapshot)).where(F.col("population") == population)
    _check_asked(files.name, files.signature, rows.columns)
    if unlabelled:
        rows = rows.where(F.col("label").isNull())
    partial = fresh_partial(target)
    try:
        apply(spark, files, rows, entity).write.parquet(str(partial))
    except PythonException as error:  # raised by the model's own code, on a worker
        raise ScoringError(
            f"{files.name} cannot score the rows: {last_error(str(error))}; nothing was published, roll back, or "
            "train again."
        ) from None
    written_sha256 = sha256_of_files(partial, "*.parquet")
    written = spark.read.parquet(str(partial))
    total = _check(written, rows.count(), files.name)
    difference = _difference(written, files)
    adopt(partial, target)
    return Scored(target, total, difference, written_sha256)


def _check_asked(called: str, signature: Any, columns: Sequence[str]) -> None:
    """See that the version asks for what is there, and gives what is published."""
    lost = lacking(signature, columns)
    if lost.features:
        raise ScoringError(
            f"{called} asks for {len(lost.features)} features that the snapshot does not have, such as "
            f"{lost.features[0]}: nothing was published; roll back, or declare them."
        )
    if lost.outputs:
        raise ScoringError(
            f"{called} does not give {', '.join(lost.outputs)}: nothing was published; roll back to a version that "
            "does."
        )


def _check(written: "DataFrame", expected: int, called: str) -> int:
    from pyspark.sql import functions as F  # noqa: N812

    sound = F.col("churn_probability").between(0, 1)
    told = written.select(F.count("*"), F.count(F.when(sound, 1))).first()
    total, good = (told[0], told[1]) if told else (0, 0)
    if total != expected or good != total:
        raise ScoringError(
            f"{called} gave {total} rows for {expected}, {total - good} of them without "
            "a probability from 0 to 1: nothing was published; roll back, or look at the features of that date."
        )
    return int(total)


def _difference(written: "DataFrame", files: VersionFiles) -> float:
    """Largest distance between the UDF's probability and the model's own, without Spark, on sampled rows.

    Raises:
        ScoringError: it is too large, a text differs, or the version cannot be asked.
    """
    sample: pd.DataFrame = written.limit(SAMPLE).toPandas()
    if sample.empty:
        return 0.0
    try:
        own = ask(files, "reasons", sample[inputs(files.signature)].astype("float64"))
    except ModelProcessError as error:
        raise ScoringError(f"Nothing was published. {error}") from None
    apart = own["churn_probability"].to_numpy() - sample["churn_probability"].to_numpy()
    difference = float(np.abs(apart).max())
    wrong = list(different_texts(sample, own, TEXTS).values())
    if not difference <= TOLERANCE:
        wrong.insert(0, f"churn_probability differs by {difference:.2e}, at most {TOLERANCE:.0e} may be")
    if wrong:
        raise ScoringError(
            f"The Spark UDF and the model itself do not answer alike, {files.name}: {'; '.join(wrong)}; nothing was "
            "published, check that workers run the packages the model was made with."
        )
    return difference

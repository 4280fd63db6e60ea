"""Score a snapshot through the Spark UDF of the registered model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd

from serving.udf import SAMPLE, TOLERANCE, apply, inputs, lacking
from stack.errors import PrichalError
from stack.files import adopt, fresh_partial, sha256_of_files

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
    model: str,
    version: str,
    target: Path,
    unlabelled: bool = False,
) -> Scored:
    """Score the population's rows of a snapshot.

    Args:
        spark: the session.
        snapshot: folder of the snapshot.
        population: only its members are scored.
        entity: name of the entity's column.
        model: registered name.
        version: of the model, as `production` pointed to it when the step began.
        target: folder for the scores, this run's own; what the run wrote there before is replaced.
        unlabelled: whether only the rows without a label are scored.

    Raises:
        ScoringError: the model asks for a feature that is not there, or says no probability; one is missing or
            outside [0, 1], rows got lost, or the UDF disagrees with the model itself.
    """
    from pyspark.errors import PythonException
    from pyspark.sql import functions as F  # noqa: N812

    uri = f"models:/{model}/{version}"
    rows = spark.read.parquet(str(snapshot)).where(F.col("population") == population)
    _check_asked(uri, rows.columns)
    if unlabelled:
        rows = rows.where(F.col("label").isNull())
    partial = fresh_partial(target)
    try:
        apply(spark, uri, rows, entity).write.parquet(str(partial))
    except PythonException as error:  # raised by the model's own code, on a worker
        raise ScoringError(f"{uri} cannot score the rows: {_last(error)}; nothing was published.") from None
    files = sha256_of_files(partial, "*.parquet")
    written = spark.read.parquet(str(partial))
    total = _check(written, rows.count(), model, version)
    difference = _difference(written, uri)
    adopt(partial, target)
    return Scored(target, total, difference, files)


def _last(error: Exception) -> str:
    """What the model's code said last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300].rstrip(".") if lines else type(error).__name__


def _check_asked(uri: str, columns: Sequence[str]) -> None:
    """See that the version asks for what is there, and gives what is published."""
    lost = lacking(mlflow.models.get_model_info(uri).signature, columns)
    if lost.features:
        raise ScoringError(
            f"{uri} asks for {len(lost.features)} features that the snapshot does not have, such as "
            f"{lost.features[0]}: nothing was published; roll back, or declare them."
        )
    if lost.outputs:
        raise ScoringError(
            f"{uri} does not give {', '.join(lost.outputs)}: nothing was published; roll back to a version that does."
        )


def _check(written: "DataFrame", expected: int, model: str, version: str) -> int:
    from pyspark.sql import functions as F  # noqa: N812

    sound = F.col("churn_probability").between(0, 1)
    told = written.select(F.count("*"), F.count(F.when(sound, 1))).first()
    total, good = (told[0], told[1]) if told else (0, 0)
    if total != expected or good != total:
        raise ScoringError(
            f"Version {version} of {model} gave {total} rows for {expected}, {total - good} of them without "
            "a probability from 0 to 1: nothing was published; roll back, or look at the features of that date."
        )
    return int(total)


def _difference(written: "DataFrame", uri: str) -> float:
    """Largest distance between the UDF's probability and the model's own, in this process, on sampled rows."""
    sample: pd.DataFrame = written.limit(SAMPLE).toPandas()
    if sample.empty:
        return 0.0
    model = mlflow.pyfunc.load_model(uri)
    own = model.predict(sample[inputs(model.metadata.signature)].astype("float64"))["churn_probability"]
    difference = float(np.abs(own.to_numpy() - sample["churn_probability"].to_numpy()).max())
    if not difference <= TOLERANCE:
        raise ScoringError(
            f"The Spark UDF of {uri} differs from the model itself by {difference:.2e}, at most {TOLERANCE:.0e} "
            "may be: nothing was published; check that workers run the packages the model was made with."
        )
    return difference

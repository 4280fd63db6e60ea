"""The Spark UDF of a registered version, which computes all scores of the mart."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry import VersionFiles
from serving import worker_model
from serving.worker_model import batch_scorer
from stack.folders import digest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: output columns that scoring needs of every version, with their Spark types.
OUTPUTS = {"churn_probability": "double", "reason_1": "string", "reason_2": "string", "reason_3": "string"}
REASONS = tuple(name for name, kind in OUTPUTS.items() if kind == "string")
RESULT_SCHEMA = ", ".join(f"{name} {kind}" for name, kind in OUTPUTS.items())
#: number of rows on which two ways of scoring are compared.
SAMPLE_ROWS = 1000


def feature_names(signature: Any) -> list[str]:
    """The features that a version needs, in the order of its signature."""
    return [column.name for column in signature.inputs.inputs]


@dataclass(frozen=True)
class SignatureGap:
    """Difference between a version's signature and the rows to score.

    Attributes:
        missing_features: features that the version needs and the rows do not have.
        missing_outputs: columns that scoring needs and the version does not declare.
    """

    missing_features: tuple[str, ...]
    missing_outputs: tuple[str, ...]


def signature_gap(signature: Any, columns: Collection[str]) -> SignatureGap:
    """The features and outputs that are missing to score rows with these columns; both are empty if none is."""
    outputs = {column.name for column in signature.outputs.inputs} if signature.outputs else set()
    return SignatureGap(
        tuple(name for name in feature_names(signature) if name not in columns),
        tuple(name for name in OUTPUTS if name not in outputs),
    )


def apply_udf(spark: "SparkSession", files: VersionFiles, rows: "DataFrame", entity: str) -> "DataFrame":
    """Score rows with a version: the entity, the features it needs, and the columns of `OUTPUTS`.

    MLflow's own `spark_udf` is not used: it turns a missing text into the text 'None', and lets each worker load files
    without comparing them with the approved ones.

    Args:
        spark: the session.
        files: of the version.
        rows: with the entity and the features.
        entity: name of the entity's column.

    Raises:
        PythonException: the version's code failed on a worker; raised when the result is read.
    """
    from pyspark import cloudpickle
    from pyspark.sql import functions as F  # noqa: N812

    for module in (worker_model, digest):  # a worker need not have this project
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    names, contents = feature_names(files.signature), spark.sparkContext.broadcast(files.contents())
    score = batch_scorer(contents, files.loaded_sha256, list(OUTPUTS))
    predict = F.pandas_udf(score, RESULT_SCHEMA)  # type: ignore[attr-defined]  # missing in pyspark's types
    features = F.struct(*[F.col(name).cast("double").alias(name) for name in names])
    return rows.withColumn("predicted", predict(features)).select(entity, *names, "predicted.*")

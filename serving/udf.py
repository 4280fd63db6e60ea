"""The Spark UDF of a registered version: the one way in which people are scored."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry import VersionFiles
from serving import worker_model
from serving.worker_model import scorer
from stack.folders import digest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: what a version gives, and scoring needs, as Spark types.
OUTPUTS = {"churn_probability": "double", "reason_1": "string", "reason_2": "string", "reason_3": "string"}
TEXTS = tuple(name for name, kind in OUTPUTS.items() if kind == "string")
RESULT = ", ".join(f"{name} {kind}" for name, kind in OUTPUTS.items())
#: rows on which ways of scoring are compared, and how far their probabilities may lie apart.
SAMPLE = 1000
TOLERANCE = 1e-9


def inputs(signature: Any) -> list[str]:
    """The features that a version asks for, in its order."""
    return [column.name for column in signature.inputs.inputs]


@dataclass(frozen=True)
class Lacking:
    """Features that a version asks for and rows do not hold, and outputs that scoring needs and it does not promise."""

    features: tuple[str, ...]
    outputs: tuple[str, ...]


def lacking(signature: Any, columns: Collection[str]) -> Lacking:
    """What keeps a version from scoring rows with these columns; empty if nothing does."""
    given = {column.name for column in signature.outputs.inputs} if signature.outputs else set()
    return Lacking(
        tuple(name for name in inputs(signature) if name not in columns),
        tuple(name for name in OUTPUTS if name not in given),
    )


def apply(spark: "SparkSession", files: VersionFiles, rows: "DataFrame", entity: str) -> "DataFrame":
    """What the version says of each row: the entity, the features it asks for, and the columns of `OUTPUTS`.

    MLflow's own `spark_udf` is not used: it turns a missing text into the text 'None', and lets each worker load files
    that nobody has compared with the approved ones.

    Args:
        spark: the session.
        files: of the version.
        rows: with the entity and the features.
        entity: name of the entity's column.

    Raises:
        PythonException: while the result is read; what the version's code raised on a worker.
    """
    from pyspark import cloudpickle
    from pyspark.sql import functions as F  # noqa: N812

    for module in (worker_model, digest):  # a worker need not have this project
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    names, contents = inputs(files.signature), spark.sparkContext.broadcast(files.contents())
    score = scorer(contents, files.loaded_sha256, list(OUTPUTS))
    predict = F.pandas_udf(score, RESULT)  # type: ignore[attr-defined]  # pyspark's types leave it out
    asked = F.struct(*[F.col(name).cast("double").alias(name) for name in names])
    return rows.withColumn("said", predict(asked)).select(entity, *names, "said.*")

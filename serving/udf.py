"""The Spark UDF of a registered version: the one way in which people are scored."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mlflow

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: what a version gives, and scoring needs, as Spark types.
OUTPUTS = {"churn_probability": "double", "reason_1": "string", "reason_2": "string", "reason_3": "string"}
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


def lacking_of(model: str, version: str, columns: Collection[str]) -> Lacking:
    """The same of a registered version."""
    return lacking(mlflow.models.get_model_info(f"models:/{model}/{version}").signature, columns)


def apply(spark: "SparkSession", uri: str, rows: "DataFrame", entity: str) -> "DataFrame":
    """What the version says of each row: the entity, the features it asks for, and the columns of `OUTPUTS`.

    Args:
        spark: the session.
        uri: of the version, or a folder that holds it.
        rows: with the entity and the features.
        entity: name of the entity's column.
    """
    from pyspark.sql import functions as F  # noqa: N812

    names = inputs(mlflow.models.get_model_info(uri).signature)
    predict = mlflow.pyfunc.spark_udf(spark, uri, result_type=RESULT, env_manager="local", params={"explain": True})
    asked = F.struct(*[F.col(name).cast("double").alias(name) for name in names])
    return rows.withColumn("said", predict(asked)).select(entity, *names, "said.*")

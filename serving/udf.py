"""The Spark UDF of a registered version, which computes all scores of the mart."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow import parquet

from registry import VersionFiles
from serving import worker_model
from serving.worker_model import FileSplit, Members, batch_scorer, split_scorer
from stack.engines.paths import spark_path
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
    """Score a few rows with a version: the entity, the features it needs, and the columns of `OUTPUTS`.

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
    from pyspark.sql import functions as F  # noqa: N812

    names, score = feature_names(files.signature), _send_scorer(spark, files)
    predict = F.pandas_udf(score, RESULT_SCHEMA)  # type: ignore[attr-defined]  # missing in pyspark's types
    features = F.struct(*[F.col(name).cast("double").alias(name) for name in names])
    return rows.withColumn("predicted", predict(features)).select(entity, *names, "predicted.*")


def score_snapshot(
    spark: "SparkSession", files: VersionFiles, snapshot: Path, entity: str, population: str, unlabelled: bool,
    reasons_from: float = 0.0,
) -> "DataFrame":  # fmt: skip
    """Score a population of a snapshot: the entity and the columns of `OUTPUTS`.

    Workers read their parts of the files by Arrow, so features do not pass through Java. There are as many tasks as
    cores, and each loads the version once.

    Args:
        spark: the session.
        files: of the version.
        snapshot: its folder, which workers see at the same path.
        entity: name of the entity's column.
        population: only its members are scored.
        unlabelled: whether only the rows without a label are scored.
        reasons_from: the smallest probability that gets reasons.

    Raises:
        PythonException: the version's code failed on a worker; raised when the result is read.
    """
    from pyspark.sql.pandas.types import to_arrow_type
    from pyspark.sql.types import DoubleType, StringType, StructField, StructType

    kind = spark.read.parquet(spark_path(snapshot)).schema[entity].dataType
    tasks = plan_tasks(snapshot, spark.sparkContext.defaultParallelism)
    members = Members(population, unlabelled, entity, to_arrow_type(kind), tuple(feature_names(files.signature)))
    run = split_scorer(_send_scorer(spark, files, reasons_from), tasks, members)
    outputs = [StructField(name, StringType() if name in REASONS else DoubleType()) for name in OUTPUTS]
    schema = StructType([StructField(entity, kind), *outputs])
    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(run, schema)


def plan_tasks(snapshot: Path, parallelism: int) -> list[list[FileSplit]]:
    """The row groups of a snapshot's files, divided among at most `parallelism` tasks; at least one task."""
    groups = [
        (str(path), number)
        for path in sorted(snapshot.glob("*.parquet"))
        for number in range(parquet.read_metadata(path).num_row_groups)
    ]
    parts = -(-parallelism // len(groups)) if groups else 1
    splits = [FileSplit(path, number, part, parts) for path, number in groups for part in range(parts)]
    return [splits[task::parallelism] for task in range(min(parallelism, max(1, len(splits))))]


def _send_scorer(spark: "SparkSession", files: VersionFiles, reasons_from: float = 0.0) -> worker_model.BatchScorer:
    """The function of a worker, with the version's files as a broadcast."""
    from pyspark import cloudpickle

    for module in (worker_model, digest):  # a worker need not have this project
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    contents = spark.sparkContext.broadcast(files.contents())
    return batch_scorer(contents, files.loaded_sha256, list(OUTPUTS), reasons_from)

"""Parity of three ways of scoring: the model library, the registered model, its Spark UDF; and the cost of scoring."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry import VersionFiles
from serving.local_scoring import different_texts, run_model_process
from serving.udf import REASONS, SAMPLE_ROWS, apply_udf, feature_names
from stack.engines.paths import spark_path
from stack.errors import PrichalError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: entities are sampled by a hash from 0 up to, not including, this number.
HASHES = 1_000_000


class ParityError(PrichalError):
    """There is no row to compare the ways of scoring on."""


@dataclass(frozen=True)
class ScoringBenchmark:
    """How exactly and how fast a version scores a sample.

    Attributes:
        rows: sampled.
        pyfunc: largest difference of the registered model's probability from the model library's own.
        spark: the same of the Spark UDF's; 1 where a probability is missing.
        texts: how reasons of the Spark UDF differ from the registered model's, as parts of a sentence.
        bytes: size of the version's files.
        ms_per_1000_rows: of the registered model with reasons, warm, in one process; median of a few runs.
    """

    rows: int
    pyfunc: float
    spark: float
    texts: list[str]
    bytes: int
    ms_per_1000_rows: float

    def json(self) -> dict[str, Any]:
        """The entries of `measured.json`."""
        return {
            "parity": {"rows": self.rows, "pyfunc": self.pyfunc, "spark": self.spark, "texts": self.texts},
            "bytes": self.bytes,
            "ms_per_1000_rows": self.ms_per_1000_rows,
        }


def benchmark_scoring(
    spark: "SparkSession", snapshot: Path, population: str, entity: str, files: VersionFiles
) -> ScoringBenchmark:
    """Score a sample of a snapshot in three ways.

    Args:
        spark: the session.
        snapshot: folder of the snapshot.
        population: its members are sampled.
        entity: name of the entity's column.
        files: of the version, which must have no `signature_gap`.

    Raises:
        ParityError: there is no row to sample.
        ModelProcessError: the version failed.
    """
    rows = spark.read.parquet(spark_path(snapshot))
    sample = apply_udf(spark, files, _sample(rows, population, entity), entity).toPandas()
    if sample.empty:
        raise ParityError(
            f"The snapshot {snapshot.parent.name} has no member of {population} to score with {files.name.lower()}."
        )
    return _benchmark(files, sample)


def _sample(rows: "DataFrame", population: str, entity: str) -> "DataFrame":
    """About `SAMPLE_ROWS` members, chosen by a hash of the entity: Spark would push a limit below the UDF."""
    from pyspark.sql import functions as F  # noqa: N812

    members = rows.where(F.col("population") == population)
    hash_limit = HASHES * SAMPLE_ROWS // max(SAMPLE_ROWS, members.count())
    return members.where(F.pmod(F.xxhash64(entity), F.lit(HASHES)) < hash_limit)


def _benchmark(files: VersionFiles, sample: pd.DataFrame) -> ScoringBenchmark:
    local = run_model_process(files, "benchmark", sample[feature_names(files.signature)].astype("float64"))
    native, pyfunc, udf = (
        table[name].to_numpy(dtype=np.float64)
        for table, name in (
            (local, "native_probability"), (local, "churn_probability"), (sample, "churn_probability"),
        )
    )  # fmt: skip
    texts = list(different_texts(sample, local, REASONS).values())
    size, milliseconds = sum(map(len, files.contents().values())), float(local["ms_per_1000_rows"].iloc[0])
    return ScoringBenchmark(
        len(sample), _largest_difference(pyfunc, native), _largest_difference(udf, native), texts, size, milliseconds
    )


def _largest_difference(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    difference = np.abs(left - right)
    return float(difference.max()) if np.isfinite(difference).all() else 1.0

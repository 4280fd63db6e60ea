"""One version three ways: the model library itself, the registered model, its Spark UDF; and what it costs to score."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry import VersionFiles
from serving.local_scoring import ask, different_texts
from serving.udf import SAMPLE, TEXTS, apply, inputs
from stack.errors import PrichalError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: entities are sampled by a hash from 0 to this.
HASHES = 1_000_000


class ParityError(PrichalError):
    """A version that cannot be scored at all."""


@dataclass(frozen=True)
class Usable:
    """How a version scores.

    Attributes:
        rows: sampled.
        pyfunc: largest distance of the registered model's probability from the model library's own.
        spark: the same of the Spark UDF's; 1 where a probability is missing.
        texts: how reasons of the Spark UDF differ from the registered model's, as words for a sentence.
        bytes: size of the version's files.
        ms_per_1000_rows: of the registered model with reasons, warm, in one process; the median of a few times.
    """

    rows: int
    pyfunc: float
    spark: float
    texts: list[str]
    bytes: int
    ms_per_1000_rows: float

    def json(self) -> dict[str, Any]:
        """As `measured.json` holds it."""
        return {
            "parity": {"rows": self.rows, "pyfunc": self.pyfunc, "spark": self.spark, "texts": self.texts},
            "bytes": self.bytes,
            "ms_per_1000_rows": self.ms_per_1000_rows,
        }


def usable(spark: "SparkSession", snapshot: Path, population: str, entity: str, files: VersionFiles) -> Usable:
    """Score sampled rows of a snapshot three ways, by a version for which scoring lacks nothing (`lacking`).

    Args:
        spark: the session.
        snapshot: folder of the snapshot.
        population: its members are sampled.
        entity: name of the entity's column.
        files: of the version.

    Raises:
        ParityError: there is no row to sample.
        ModelProcessError: the version cannot be asked.
    """
    rows = spark.read.parquet(str(snapshot))
    sample = apply(spark, files, _sampled(rows, population, entity), entity).toPandas()
    if sample.empty:
        raise ParityError(
            f"The snapshot {snapshot.parent.name} has no member of {population} to score {files.name.lower()} on."
        )
    return _measured(files, sample)


def _sampled(rows: "DataFrame", population: str, entity: str) -> "DataFrame":
    """About as many rows as are wanted, by a hash of the entity: a limit would be pushed below the UDF."""
    from pyspark.sql import functions as F  # noqa: N812

    members = rows.where(F.col("population") == population)
    kept = HASHES * SAMPLE // max(SAMPLE, members.count())
    return members.where(F.pmod(F.xxhash64(entity), F.lit(HASHES)) < kept)


def _measured(files: VersionFiles, sample: pd.DataFrame) -> Usable:
    own = ask(files, "benchmark", sample[inputs(files.signature)].astype("float64"))
    native, said, udf = (
        table[name].to_numpy(dtype=np.float64)
        for table, name in ((own, "native_probability"), (own, "churn_probability"), (sample, "churn_probability"))
    )
    texts = list(different_texts(sample, own, TEXTS).values())
    size, milliseconds = sum(map(len, files.contents().values())), float(own["ms_per_1000_rows"].iloc[0])
    return Usable(len(sample), _apart(said, native), _apart(udf, native), texts, size, milliseconds)


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    distance = np.abs(one - other)
    return float(distance.max()) if np.isfinite(distance).all() else 1.0

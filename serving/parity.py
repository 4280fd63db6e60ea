"""One version three ways: the model library itself, the registered model, its Spark UDF; and what it costs to score."""

import importlib.util
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import Model
from numpy.typing import NDArray

from serving.udf import SAMPLE, apply, inputs
from stack.errors import PrichalError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: how often the rows are scored to time it.
TIMES = 3
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
        bytes: size of the version's files.
        ms_per_1000_rows: of the registered model with reasons, warm, in one process; the median of a few times.
    """

    rows: int
    pyfunc: float
    spark: float
    bytes: int
    ms_per_1000_rows: float

    def json(self) -> dict[str, Any]:
        """As `measured.json` holds it."""
        return {
            "parity": {"rows": self.rows, "pyfunc": self.pyfunc, "spark": self.spark},
            "bytes": self.bytes,
            "ms_per_1000_rows": self.ms_per_1000_rows,
        }


def usable(spark: "SparkSession", snapshot: Path, population: str, entity: str, model: str, version: str) -> Usable:
    """Score sampled rows of a snapshot three ways, by a version for which scoring lacks nothing (`lacking_of`).

    Args:
        spark: the session.
        snapshot: folder of the snapshot.
        population: its members are sampled.
        entity: name of the entity's column.
        model: registered name.
        version: of the model.

    Raises:
        ParityError: there is no row to sample.
    """
    with tempfile.TemporaryDirectory() as scratch:
        uri = f"models:/{model}/{version}"
        folder = Path(mlflow.artifacts.download_artifacts(uri, dst_path=scratch))
        return usable_files(spark, snapshot, population, entity, folder, uri)


def usable_files(
    spark: "SparkSession", snapshot: Path, population: str, entity: str, folder: Path, called: str
) -> Usable:
    """The same of a version whose files lie in `folder`; errors call it by `called`."""
    rows = spark.read.parquet(str(snapshot))
    sample = apply(spark, str(folder), _sampled(rows, population, entity), entity).toPandas()
    if sample.empty:
        raise ParityError(f"The snapshot {snapshot.parent.name} has no member of {population} to score {called} on.")
    return _measured(folder, sample)


def _sampled(rows: "DataFrame", population: str, entity: str) -> "DataFrame":
    """About as many rows as are wanted, by a hash of the entity: a limit would be pushed below the UDF."""
    from pyspark.sql import functions as F  # noqa: N812

    members = rows.where(F.col("population") == population)
    kept = HASHES * SAMPLE // max(SAMPLE, members.count())
    return members.where(F.pmod(F.xxhash64(entity), F.lit(HASHES)) < kept)


def _measured(folder: Path, sample: pd.DataFrame) -> Usable:
    model = mlflow.pyfunc.load_model(str(folder))
    rows = sample[inputs(model.metadata.signature)].astype("float64")
    own = native(folder).probability(rows.to_numpy())
    said = model.predict(rows)["churn_probability"].to_numpy()
    udf = sample["churn_probability"].to_numpy(dtype=np.float64)
    files = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Usable(len(rows), _apart(said, own), _apart(udf, own), files, _milliseconds(model, rows))


def native(folder: Path) -> Any:
    """The stored model by its own code, without MLflow's way of loading and asking it.

    Args:
        folder: of the version's files.

    Returns:
        An object whose `probability` takes features (n, m) in the version's order and gives (n,).
    """
    stored = Model.load(str(folder)).flavors["python_function"]
    path = folder / Path(stored["model_code_path"]).name
    spec = importlib.util.spec_from_file_location("stored_with_a_version", path)
    if spec is None or spec.loader is None:
        raise ParityError(f"The version's code {path.name} cannot be read: its files are damaged, train again.")
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    return code.Bundle(folder / stored["artifacts"]["bundle"]["path"])


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    distance = np.abs(one - other)
    return float(distance.max()) if np.isfinite(distance).all() else 1.0


def _milliseconds(model: Any, rows: pd.DataFrame) -> float:
    model.predict(rows.head(1), params={"explain": True})
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        model.predict(rows, params={"explain": True})
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6 / len(rows)

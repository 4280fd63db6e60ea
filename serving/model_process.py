"""Score with a version's files in a separate process that gets no secrets.

    python -B -P serving/model_process.py TASK FOLDER ROWS PREDICTIONS

TASK is `probabilities`, `judged` (the same by the judged model of a refit), `reasons`, or `benchmark`: reasons, the
model library's own probability, and the time. For versions of any kind it is `batches`, all outputs, one row group of
ROWS at a time, or `time`. FOLDER holds a version's files, whose code was checked before. ROWS and
PREDICTIONS are Parquet files. This program imports nothing of this project.
"""

import importlib.util
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow.models import Model

#: how many times the rows are scored to measure the time.
REPEATS = 3
EXPLAIN = {"explain": True}


def main(task: str, folder: Path, rows_path: Path, predictions_path: Path) -> None:
    """Read the rows, score them, write the predictions."""
    if task == "batches":
        predict_batches(folder, rows_path, predictions_path)
        return
    rows = pd.read_parquet(rows_path)
    if task == "judged":
        probability = load_native(folder).judged_probability(rows.to_numpy())
        pd.DataFrame({"churn_probability": probability}).to_parquet(predictions_path)
        return
    model = mlflow.pyfunc.load_model(str(folder), suppress_warnings=True)
    if task == "time":
        milliseconds = _milliseconds_per_1000_rows(model, rows, None)
        pd.DataFrame({"ms_per_1000_rows": [milliseconds]}).to_parquet(predictions_path)
        return
    predictions = model.predict(rows, params=None if task == "probabilities" else EXPLAIN)
    if task == "benchmark":
        predictions["native_probability"] = load_native(folder).probability(rows.to_numpy())
        predictions["ms_per_1000_rows"] = _milliseconds_per_1000_rows(model, rows, EXPLAIN)
    predictions.to_parquet(predictions_path)


def predict_batches(folder: Path, rows_path: Path, predictions_path: Path) -> None:
    """Score one row group at a time, so that memory does not grow with the rows."""
    model = mlflow.pyfunc.load_model(str(folder), suppress_warnings=True)
    source, writer = pq.ParquetFile(rows_path), None
    for group in range(source.num_row_groups):
        predictions = model.predict(source.read_row_group(group).to_pandas())
        table = pa.Table.from_pandas(predictions, preserve_index=False)
        writer = writer or pq.ParquetWriter(predictions_path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def load_native(folder: Path) -> Any:
    """The model as its stored code loads it, without MLflow's pyfunc.

    Args:
        folder: of the version's files.

    Returns:
        An object whose `probability` takes features (n, m) in the version's order and returns (n,).
    """
    stored = Model.load(str(folder)).flavors["python_function"]
    path = folder / Path(stored["model_code_path"]).name
    spec = importlib.util.spec_from_file_location("stored_with_a_version", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    return code.Bundle(folder / stored["artifacts"]["bundle"]["path"])


def _milliseconds_per_1000_rows(model: Any, rows: pd.DataFrame, params: dict[str, Any] | None) -> float:
    model.predict(rows.head(1), params=params)
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        model.predict(rows, params=params)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1e6 / len(rows)


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))

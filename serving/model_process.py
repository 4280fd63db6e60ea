"""Ask a version's files in a process of its own, which is given no secrets.

    python -B -P serving/model_process.py TASK FOLDER ROWS ANSWERS

TASK is `probabilities`, `reasons`, or `benchmark`: reasons, the model library's own probability, and the time. FOLDER
holds a version's files, whose code is known. ROWS and ANSWERS are Parquet files. It imports nothing of this project.
"""

import importlib.util
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
from mlflow.models import Model

#: how often the rows are scored to time it.
TIMES = 3
EXPLAIN = {"explain": True}


def main(task: str, folder: Path, rows_path: Path, answers_path: Path) -> None:
    """Read rows, ask, write what was answered."""
    rows = pd.read_parquet(rows_path)
    model = mlflow.pyfunc.load_model(str(folder), suppress_warnings=True)
    answers = model.predict(rows, params=None if task == "probabilities" else EXPLAIN)
    if task == "benchmark":
        answers["native_probability"] = native(folder).probability(rows.to_numpy())
        answers["ms_per_1000_rows"] = _milliseconds(model, rows)
    answers.to_parquet(answers_path)


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
        raise FileNotFoundError(path)
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    return code.Bundle(folder / stored["artifacts"]["bundle"]["path"])


def _milliseconds(model: Any, rows: pd.DataFrame) -> float:
    model.predict(rows.head(1), params=EXPLAIN)
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        model.predict(rows, params=EXPLAIN)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6 / len(rows)


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))

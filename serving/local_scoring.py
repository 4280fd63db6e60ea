"""Score with a version on this machine without Spark, in a separate process that gets no secrets."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry import VersionFiles
from serving.udf import feature_names
from stack.errors import PrichalError
from stack.settings import harmless_environment

PROGRAM = Path(__file__).with_name("model_process.py")
#: characters of an error message that are shown.
MAX_MESSAGE = 300


class MissingFeatureError(PrichalError):
    """A version needs a feature that snapshots no longer have."""


class ModelProcessError(PrichalError):
    """The code or the files of a version failed in the scoring process."""


def predict_probabilities(
    files: VersionFiles, names: Sequence[str], rows: NDArray[np.float64], *, judged: bool = False
) -> NDArray[np.float64]:
    """The probability that a version predicts for each row.

    Args:
        files: of the version.
        names: of the columns.
        rows: (n, columns).
        judged: whether to predict by the judged model of a refit, which was not fitted on the evaluation rows.

    Returns:
        Probabilities (n,).

    Raises:
        MissingFeatureError: the rows do not have a feature that the version needs.
        ModelProcessError: the version failed.
    """
    features = feature_names(files.signature)
    missing = [name for name in features if name not in names]
    if missing:
        raise MissingFeatureError(
            f"{files.name} needs {', '.join(missing)}, which snapshots no longer have: it cannot be scored on the "
            "evaluation rows; declare the feature again, or roll back to a version without it."
        )
    predictions = run_model_process(
        files, "judged" if judged else "probabilities", pd.DataFrame(rows, columns=list(names))[features]
    )
    probability: NDArray[np.float64] = predictions["churn_probability"].to_numpy(dtype=np.float64)
    return probability


def run_model_process(
    files: VersionFiles, task: Literal["probabilities", "judged", "reasons", "benchmark"], rows: pd.DataFrame
) -> pd.DataFrame:
    """The predictions of a version, computed by `serving/model_process.py`.

    Args:
        files: of the version.
        task: as `serving/model_process.py` describes it.
        rows: the features that the version needs, as floats.

    Raises:
        ModelProcessError: the version failed.
    """
    return _run(files, task, [rows])


def predict_batches(files: VersionFiles, batches: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All outputs of a version for rows that come in batches, in one process that holds one batch in memory.

    Args:
        files: of the version.
        batches: the features that the version needs, as floats; at least one batch, which may be empty.

    Raises:
        ModelProcessError: the version failed.
    """
    return _run(files, "batches", batches)


def benchmark_version(files: VersionFiles, rows: pd.DataFrame) -> float:
    """Milliseconds that a version takes for 1,000 rows, after the first call, in one process.

    Raises:
        ModelProcessError: the version failed.
    """
    features = rows[feature_names(files.signature)].astype("float64")
    return float(_run(files, "time", [features])["ms_per_1000_rows"].iloc[0])


def _run(files: VersionFiles, task: str, batches: Iterable[pd.DataFrame]) -> pd.DataFrame:
    with tempfile.TemporaryDirectory(prefix="prichal-answers-") as scratch:
        rows_path, predictions_path = Path(scratch) / "rows.parquet", Path(scratch) / "answers.parquet"
        _write_batches(rows_path, batches)
        process = subprocess.run(
            [sys.executable, "-B", "-P", str(PROGRAM), task, str(files.folder), str(rows_path), str(predictions_path)],
            env=harmless_environment(), cwd=scratch, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if process.returncode != 0:
            raise ModelProcessError(
                f"{files.name} cannot score: {last_error(process.stderr)}; roll back, or train again."
            )
        return pd.read_parquet(predictions_path)


def _write_batches(path: Path, batches: Iterable[pd.DataFrame]) -> None:
    """Write one Parquet file with a row group for each batch."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for batch in batches:
        table = pa.Table.from_pandas(batch, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def different_texts(first: pd.DataFrame, second: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    """Text columns in which two tables of predictions differ; two nulls are equal.

    Args:
        first: predictions.
        second: predictions for the same rows in the same order.
        columns: to compare.

    Returns:
        Column -> number of different rows and an example, as a part of a sentence.
    """
    differences = {}
    for name in columns:
        left, right = ([None if pd.isna(text) else text for text in table[name]] for table in (first, second))
        places = [place for place, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1]]
        if places:
            example = f"{left[places[0]]!r} for {right[places[0]]!r}"[:MAX_MESSAGE]
            differences[name] = f"{name} differs on {len(places):,} of {len(left):,} rows, such as {example}"
    return differences


def last_error(text: str) -> str:
    """The last line of a traceback that begins with the class of an error, for a sentence; else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line)]
    last = (errors or lines or ["the process printed nothing"])[-1]
    return last[:MAX_MESSAGE].rstrip(".")

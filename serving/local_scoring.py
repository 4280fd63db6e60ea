"""Ask a version on this machine, in a process without secrets, and compare columns of answers."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry import VersionFiles
from serving.udf import inputs
from stack.errors import PrichalError
from stack.settings import harmless_environment

PROGRAM = Path(__file__).with_name("model_process.py")
#: characters of an error that are kept.
LONGEST = 300


class LostFeatureError(PrichalError):
    """A version asks for a feature that is no longer made."""


class ModelProcessError(PrichalError):
    """A version failed in the process that asked it."""


def probabilities(files: VersionFiles, names: Sequence[str], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a version says of each row.

    Args:
        files: of the version.
        names: of the columns.
        rows: (n, columns).

    Returns:
        Probabilities (n,).

    Raises:
        LostFeatureError: the rows lack a feature that the version asks for.
        ModelProcessError: the version cannot be asked.
    """
    features = inputs(files.signature)
    missing = [name for name in features if name not in names]
    if missing:
        raise LostFeatureError(
            f"{files.name} needs {', '.join(missing)}, which snapshots no longer hold: it cannot be "
            "scored on the rows that are to judge; declare the feature again, or roll back to a version without it."
        )
    answers = ask(files, "probabilities", pd.DataFrame(rows, columns=list(names))[features])
    probability: NDArray[np.float64] = answers["churn_probability"].to_numpy(dtype=np.float64)
    return probability


def ask(
    files: VersionFiles, task: Literal["probabilities", "reasons", "benchmark"], rows: pd.DataFrame
) -> pd.DataFrame:
    """What a version answers, by `serving/model_process.py`.

    Args:
        files: of the version.
        task: as described there.
        rows: the features that the version asks for, as floats.

    Raises:
        ModelProcessError: the version cannot be asked.
    """
    with tempfile.TemporaryDirectory(prefix="prichal-answers-") as scratch:
        given, answers = Path(scratch) / "rows.parquet", Path(scratch) / "answers.parquet"
        rows.to_parquet(given, index=False)
        done = subprocess.run(
            [sys.executable, "-B", "-P", str(PROGRAM), task, str(files.folder), str(given), str(answers)],
            env=harmless_environment(), cwd=scratch, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise ModelProcessError(
                f"{files.name} cannot be asked: {last_error(done.stderr)}; roll back, or train again."
            )
        return pd.read_parquet(answers)


def different_texts(first: pd.DataFrame, second: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    """Text columns in which two tables of answers differ, null against null being the same.

    Args:
        first: answers.
        second: answers about the same rows in the same order.
        columns: to compare.

    Returns:
        Column -> how often and how, as words for a sentence.
    """
    differences = {}
    for name in columns:
        left, right = ([None if pd.isna(text) else text for text in table[name]] for table in (first, second))
        places = [place for place, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1]]
        if places:
            example = f"{left[places[0]]!r} for {right[places[0]]!r}"[:LONGEST]
            differences[name] = f"{name} differs on {len(places):,} of {len(left):,} rows, such as {example}"
    return differences


def last_error(text: str) -> str:
    """The last line of a traceback that begins with the class of an error, for a sentence; else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line)]
    last = (errors or lines or ["it ended without a word"])[-1]
    return last[:LONGEST].rstrip(".")

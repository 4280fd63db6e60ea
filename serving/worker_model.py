"""Runs on a Spark worker: writes a version's files, compares their digest with the approved one, then loads them.

Spark sends these functions by value, because a worker need not have this project.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stack.folders.digest import folder_sha256

#: a function from batches of features to batches of predictions.
BatchScorer = Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]


def load_verified(contents: Mapping[str, bytes], sha256: str) -> Any:
    """The version as an MLflow pyfunc model.

    Args:
        contents: relative name -> bytes of the version's files.
        sha256: digest of all of them.

    Raises:
        ValueError: the files have another digest.
    """
    import mlflow.pyfunc

    with tempfile.TemporaryDirectory(prefix="prichal-version-") as scratch:
        for name, content in contents.items():
            path = Path(scratch) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        received_sha256 = folder_sha256(Path(scratch))
        if received_sha256 != sha256:
            raise ValueError(f"a worker got other files of the version than were sent ({received_sha256} for {sha256})")
        return mlflow.pyfunc.load_model(scratch, suppress_warnings=True)


def batch_scorer(contents: Any, sha256: str, outputs: list[str]) -> BatchScorer:
    """The function that Spark runs; a missing text stays null.

    Args:
        contents: Spark's broadcast of the version's files.
        sha256: digest of all of them.
        outputs: columns of the predictions.
    """

    def score(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        model = load_verified(contents.value, sha256)
        for batch in filter(len, batches):
            yield model.predict(batch, params={"explain": True})[outputs]

    return score

"""What runs on a Spark worker: rebuild a version from bytes, see that they are the approved ones, then load it.

Spark sends these functions by value, since a worker need not have this project.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stack.folders.digest import folder_sha256

#: a function from batches of features to batches of answers.
Scorer = Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]


def load_verified(contents: Mapping[str, bytes], sha256: str) -> Any:
    """The version as MLflow loads it.

    Args:
        contents: relative name -> bytes of the version's files.
        sha256: of all of them.

    Raises:
        ValueError: the files are others.
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


def scorer(contents: Any, sha256: str, outputs: list[str]) -> Scorer:
    """The function that Spark runs; a missing text stays missing.

    Args:
        contents: Spark's broadcast of the version's files.
        sha256: of all of them.
        outputs: columns of the answer.
    """

    def score(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        model = load_verified(contents.value, sha256)
        for batch in filter(len, batches):
            yield model.predict(batch, params={"explain": True})[outputs]

    return score

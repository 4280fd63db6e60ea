"""Runs on a Spark worker: loads a version's approved files, reads a part of a snapshot by Arrow, and scores it.

Spark sends these functions by value, because a worker need not have this project.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from stack.folders.digest import folder_sha256

#: a function from batches of features to batches of predictions.
BatchScorer = Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]
#: rows that are scored at a time: a worker's memory depends on them, not on the size of a snapshot.
BATCH_ROWS = 20_000


@dataclass(frozen=True)
class FileSplit:
    """A part of a Parquet file that one worker reads: every `parts`-th batch of a row group, from number `part`."""

    path: str
    row_group: int
    part: int
    parts: int


@dataclass(frozen=True)
class Members:
    """The rows to score and the columns to read.

    Attributes:
        population: only its members are scored.
        unlabelled: whether only the rows without a label are scored.
        entity: name of the entity's column.
        entity_type: its Arrow type in the scores.
        features: in the order of the version.
    """

    population: str
    unlabelled: bool
    entity: str
    entity_type: pa.DataType
    features: tuple[str, ...]


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


def batch_scorer(contents: Any, sha256: str, outputs: list[str], reasons_from: float = 0.0) -> BatchScorer:
    """The function that Spark runs; a missing text stays null.

    Args:
        contents: Spark's broadcast of the version's files.
        sha256: digest of all of them.
        outputs: columns of the predictions.
        reasons_from: the smallest probability that gets reasons.
    """

    def score(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        model = load_verified(contents.value, sha256)
        for batch in filter(len, batches):
            if reasons_from <= 0:
                yield model.predict(batch, params={"explain": True})[outputs]
                continue
            scores = model.predict(batch).reindex(columns=outputs).astype(dict.fromkeys(outputs[1:], object))
            chosen = (scores["churn_probability"] >= reasons_from).to_numpy()
            if chosen.any():
                explained = model.predict(batch[chosen], params={"explain": True})
                scores.loc[chosen, outputs[1:]] = explained[outputs[1:]].to_numpy()
            yield scores

    return score


def split_scorer(score: BatchScorer, tasks: Sequence[Sequence[FileSplit]], members: Members) -> Callable[..., Any]:
    """The function for `mapInArrow` over the numbers of tasks: it yields entities and predictions.

    Args:
        score: of `batch_scorer`, which loads the version once for a task.
        tasks: the splits of each task.
        members: the rows to score.
    """

    def run(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        keys: list[pa.Array] = []  # of the batch that is being scored

        def features() -> Iterator[pd.DataFrame]:
            for number in (number for batch in numbers for number in batch.column(0).to_pylist()):
                for split in tasks[number]:
                    for rows in read_split(split, members):
                        keys.append(rows.column(members.entity).cast(members.entity_type))
                        yield to_frame(rows, members.features)

        for scores in score(features()):
            columns = {members.entity: keys.pop()}
            for name in scores.columns:
                kind = pa.float64() if name == "churn_probability" else pa.string()
                columns[name] = pa.array(scores[name], kind, from_pandas=kind == pa.string())
            yield pa.RecordBatch.from_pydict(columns)

    return run


def read_split(split: FileSplit, members: Members) -> Iterator[pa.RecordBatch]:
    """The members' rows of a split, in batches that are not empty."""
    with parquet.ParquetFile(split.path) as file:
        size = min(BATCH_ROWS, -(-file.metadata.row_group(split.row_group).num_rows // split.parts))
        label = ("label",) if members.unlabelled else ()
        columns = list(dict.fromkeys((members.entity, "population", *label, *members.features)))
        batches = file.iter_batches(max(1, size), [split.row_group], columns)
        for number, batch in enumerate(batches):
            if number % split.parts != split.part:
                continue
            chosen = pc.equal(batch.column("population"), members.population)
            if members.unlabelled:
                chosen = pc.and_(chosen, pc.is_null(batch.column("label")))
            rows = batch.filter(chosen)
            if len(rows):
                yield rows


def to_frame(rows: pa.RecordBatch, features: Sequence[str]) -> pd.DataFrame:
    """The features as floats; null is NaN."""
    matrix = np.empty((len(rows), len(features)), order="F")
    for place, name in enumerate(features):
        matrix[:, place] = rows.column(name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return pd.DataFrame(matrix, columns=list(features), copy=False)

"""Files to typed rows in one Parquet file: what one task does, on this machine or on a worker of a cluster."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from lake.dialect import Dialect
from lake.ingestion.reader import FileColumn, ReadError, batch_schema, read_batches
from lake.source import BATCH_DATE
from stack.engines.paths import sql_text


@dataclass(frozen=True)
class StagedFile:
    """A raw file of a task.

    Attributes:
        place: in the batch.
        path: where it is.
        batch_date: the day before which its rows were received, as text; empty outside of batches.
        until: the day after which nothing in it can have happened.
    """

    place: int
    path: Path
    batch_date: str
    until: date


@dataclass(frozen=True)
class StagingTask:
    """Some files of one source, and the file that their rows are written to.

    Attributes:
        files: read in this order.
        format: csv, tsv, jsonl or parquet.
        dialect: how text files are written.
        columns: which are read.
        sql: adds types and reasons to the relation `read_rows`.
        time_zone: of moments without an offset, and of days.
        target: a Parquet file, complete or absent.
    """

    files: tuple[StagedFile, ...]
    format: str
    dialect: Dialect
    columns: tuple[FileColumn, ...]
    sql: str
    time_zone: str
    target: Path


class StagedFiles(NamedTuple):
    """What a task found in its files, by their places in the batch.

    Attributes:
        unreadable: why a file that is cut off or damaged cannot be read to its end.
        absent: the declared columns that no document of a file has.
    """

    unreadable: dict[int, str]
    absent: dict[int, tuple[str, ...]]


def stage_files(task: StagingTask) -> StagedFiles:
    """Write the rows of a task's files, if all can be read.

    Memory does not grow with the files: rows pass through in batches.
    """
    result = StagedFiles({}, {})
    partial = task.target.with_suffix(".partial")
    with read_task(task, result) as duck:
        try:
            duck.execute(f"copy ({task.sql}) to {sql_text(partial)} (format parquet)")
        except duckdb.Error:
            if not result.unreadable:
                raise
            return result
    partial.rename(task.target)
    return result


@contextmanager
def read_task(task: StagingTask, result: StagedFiles) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose relation `read_rows` has the rows of a task's files, once; problems go to the result."""
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as duck:
        duck.execute("set timezone = ?", [task.time_zone])
        duck.execute("set temp_directory = ?", [scratch])
        duck.execute("set threads = 1")
        duck.register("read_rows", pa.RecordBatchReader.from_batches(_schema(task.columns), _batches(task, result)))
        yield duck


def _schema(columns: Sequence[FileColumn]) -> pa.Schema:
    added = [("_file", pa.int32()), (BATCH_DATE, pa.string()), ("_until", pa.date32())]
    return pa.unify_schemas([pa.schema(added), batch_schema(columns)])


def _batches(task: StagingTask, result: StagedFiles) -> Iterator[pa.RecordBatch]:
    schema = _schema(task.columns)
    names = [column.name for column in task.columns]
    for file in task.files:
        absent, has_document = set(names), False
        try:
            for batch in read_batches(file.path, task.format, task.dialect, task.columns):
                absent = {name for name in absent if batch.column(name).null_count == batch.num_rows}
                has_document = has_document or batch.column("_fault").null_count > 0
                constants = [
                    pa.repeat(pa.scalar(value, kind), batch.num_rows)
                    for value, kind in (
                        (file.place, pa.int32()),
                        (file.batch_date, pa.string()),
                        (file.until, pa.date32()),
                    )
                ]
                yield pa.RecordBatch.from_arrays([*constants, *batch.columns], schema=schema)
        except ReadError as error:
            result.unreadable[file.place] = "".join(letter for letter in str(error) if letter.isprintable())
            raise
        if task.format == "jsonl" and has_document:
            result.absent[file.place] = tuple(name for name in names if name in absent)

"""The task by hand on DuckDB, straight from the files."""

from functools import partial
from pathlib import Path

import duckdb

from benchmarks.speed.forms import Words, one_grouping, segments, two_levels
from benchmarks.speed.task import THREADS, Contender, Task

BEST = "DuckDB by hand, best: by segment of time"


def contenders(task: Task, scratch: Path) -> tuple[Contender, ...]:
    """Every form with a connection of its own; the first, BEST, is what all others are measured against."""
    del scratch  # all in memory
    return (
        _contender(BEST, task, segments(task, words(task))),
        _contender("DuckDB by hand, one grouping with bitmaps", task, one_grouping(task, words(task))),
        _contender("DuckDB by hand, plain two levels", task, two_levels(task, words(task))),
    )


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory that cuts days in UTC."""
    connection = duckdb.connect(config={"threads": THREADS})
    connection.execute("set timezone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    return connection


def words(task: Task) -> Words:
    """DuckDB's; `at` is a word of its own there."""
    return Words(f"read_parquet('{task.files}')", '"at"', "epoch_us", "//", "timestamptz")


def _contender(name: str, task: Task, sql: str) -> Contender:
    connection = connect()
    return Contender(
        name,
        prepare=lambda: None,
        run=lambda: connection.execute(f"create or replace table result as {sql}"),
        result=partial(_copy, connection),
    )


def _copy(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    connection.execute(f"copy result to '{target}' (format parquet)")

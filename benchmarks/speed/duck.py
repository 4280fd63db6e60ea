"""The task in handwritten SQL on DuckDB, directly from the files."""

from functools import partial
from pathlib import Path

import duckdb

from benchmarks.speed.forms import SqlDialect, one_grouping, segments, two_levels
from benchmarks.speed.task import THREADS, Contender, Task

BEST = "DuckDB by hand, best: by segment of time"


def contenders(task: Task, scratch: Path) -> tuple[Contender, ...]:
    """Every form of the SQL with its own connection; the first, BEST, is the reference for all others."""
    del scratch  # DuckDB works in memory
    return (
        _contender(BEST, task, segments(task, dialect(task))),
        _contender("DuckDB by hand, one grouping with bitmaps", task, one_grouping(task, dialect(task))),
        _contender("DuckDB by hand, plain two levels", task, two_levels(task, dialect(task))),
    )


def connect() -> duckdb.DuckDBPyConnection:
    """Open a database in memory whose days are in UTC."""
    connection = duckdb.connect(config={"threads": THREADS})
    connection.execute("set timezone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    return connection


def dialect(task: Task) -> SqlDialect:
    """The dialect of DuckDB, in which `at` is a keyword."""
    return SqlDialect(f"read_parquet('{task.files}')", '"at"', "epoch_us", "//", "timestamptz")


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

"""The plan on DuckDB: the same text in its dialect, on one machine and without Java."""

import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pandas as pd
import sqlglot
from joblib import Parallel, cpu_count, delayed
from sqlglot import exp

from stack.engines.engine import Result, Task
from stack.engines.paths import duckdb_path, sql_text

#: sketches are Spark's: here the values themselves are kept, so that an estimated number is the exact one.
_EXACT = {
    "HLL_SKETCH_AGG": "list_distinct(list({x}){f})",
    "HLL_UNION_AGG": "list_distinct(flatten(list({x}){f}))",
    "HLL_SKETCH_ESTIMATE": "len({x})",
}
#: hashes that are compared within one query only.
_HASHES = {"XXHASH64": "hash"}


class DuckEngine:
    """Runs SQL in a DuckDB of its own, in memory.

    Args:
        time_zone: in which moments are cut into days.
        threads: None for all cores.
    """

    name = "duckdb"

    def __init__(self, time_zone: str, threads: int | None = None) -> None:
        self._duck = duckdb.connect()
        self._duck.execute("set timezone = ?", [time_zone])
        self._duck.execute("set enable_progress_bar = false")
        # Otherwise what does not fit in memory goes to the working folder.
        self._duck.execute("set temp_directory = ?", [str(Path(tempfile.gettempdir()) / f"duckdb-{uuid4().hex}")])
        self._threads = threads or cpu_count()
        self._duck.execute(f"set threads = {self._threads}")

    def show_files(self, view: str, files: Sequence[Path]) -> None:
        """Make Parquet files a view."""
        names = [f"{duckdb_path(file)}/*.parquet" if file.is_dir() else duckdb_path(file) for file in files]
        self._duck.from_parquet(names, union_by_name=True).create_view(view, replace=True)

    def show(self, view: str, sql: str) -> None:
        """Make a query a view."""
        self._duck.execute(f"create or replace temp view {view} as {translated(sql)}")

    def keep(self, view: str, sql: str) -> None:
        """Make a query a view that is computed once."""
        self._duck.execute(f"create or replace temp table {view} as {translated(sql)}")

    def drop(self, view: str) -> None:
        """Forget a view."""
        kind = self._duck.execute("select count(*) from duckdb_tables() where table_name = ?", [view]).fetchall()[0][0]
        self._duck.execute(f"drop {'table' if kind else 'view'} if exists {view}")

    @property
    def parallelism(self) -> int:
        """The number of tasks that run at the same time."""
        return self._threads

    def run_tasks(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
        """The results of a function for each task; several tasks run in processes of their own."""
        workers = min(self._threads, len(tasks))
        if workers < 2:
            return [function(task) for task in tasks]
        return list(Parallel(n_jobs=workers, batch_size=1, max_nbytes=None)(delayed(function)(task) for task in tasks))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a small query."""
        return self._duck.execute(translated(sql)).fetchall()

    def frame(self, sql: str) -> pd.DataFrame:
        """Run a query and hand over its rows."""
        return self._duck.execute(translated(sql)).df()

    def columns(self, view: str) -> list[str]:
        """The columns of a view."""
        return self._duck.table(view).columns

    def problem(self, view: str, condition: str) -> str | None:
        """What is wrong with a condition over a view's columns; None if nothing is."""
        try:
            self._duck.execute(f"explain {translated(f'select * from {view} where {condition}')}")
        except (duckdb.Error, sqlglot.ParseError) as error:
            return str(error).splitlines()[0]
        return None

    def write(self, sql: str, folder: Path, by: str, order: str | None = None) -> None:
        """Write a query as Parquet, a folder `<by>=<value>` each, its rows ordered if a column is given."""
        ordered = f" order by {by}, {order}" if order else ""
        self._duck.execute(
            f"copy ({translated(sql)}{ordered}) to {sql_text(folder)} (format parquet, partition_by ({by}))"
        )

    def save(self, sql: str, folder: Path) -> None:
        """Write a query as Parquet."""
        folder.mkdir(parents=True)
        self._duck.execute(f"copy ({translated(sql)}) to {sql_text(folder / 'rows.parquet')} (format parquet)")

    def write_none(self, sql: str, folder: Path, without: str) -> None:
        """Write the columns of a query, without one of them, and no row."""
        folder.mkdir(parents=True)
        nobody = f"select * exclude ({without}) from ({translated(sql)}) limit 0"
        self._duck.execute(f"copy ({nobody}) to {sql_text(folder / 'none.parquet')} (format parquet)")


@cache
def translated(sql: str) -> str:
    """Spark's SQL as DuckDB reads it; Databricks is the name of the dialect in which a bad cast is an error."""
    tree = sqlglot.parse_one(sql, read="databricks")
    return tree.transform(_exact).sql(dialect="duckdb")


def _exact(node: exp.Expr) -> exp.Expr:
    filtered = isinstance(node, exp.Filter)
    call, only = (node.this, f" filter ({node.expression.sql('duckdb')})") if filtered else (node, "")
    if isinstance(call, exp.Anonymous) and call.name.upper() in _EXACT:
        text = _EXACT[call.name.upper()].format(x=call.expressions[0].sql("duckdb"), f=only)
        return sqlglot.parse_one(text, read="duckdb")
    if isinstance(call, exp.Anonymous) and call.name.upper() in _HASHES:
        return exp.Anonymous(this=_HASHES[call.name.upper()], expressions=call.expressions)
    return node


@cache
def reserved_words() -> frozenset[str]:
    """What no column can be called in the SQL of a plan without quotes."""
    categories = "('reserved', 'type_function')"
    query = f"select keyword_name from duckdb_keywords() where keyword_category in {categories}"
    with duckdb.connect() as duck:
        return frozenset(word for (word,) in duck.execute(query).fetchall())

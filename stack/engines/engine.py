"""The interface of the engines that run a plan: Spark, or DuckDB on one machine. The SQL is in Spark's dialect."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Engine(Protocol):
    """Runs SQL over views."""

    name: str

    def show_files(self, view: str, files: Sequence[Path]) -> None:
        """Make Parquet files a view."""

    def show(self, view: str, sql: str) -> None:
        """Make a query a view."""

    def keep(self, view: str, sql: str) -> None:
        """Make a query a view that is computed once."""

    def drop(self, view: str) -> None:
        """Drop a view."""

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Run a small query."""

    def columns(self, view: str) -> list[str]:
        """The columns of a view."""

    def problem(self, view: str, condition: str) -> str | None:
        """The problem of a condition over a view's columns; None if it is valid."""

    def write(self, sql: str, folder: Path, by: str, order: str) -> None:
        """Write a query as Parquet, one folder `<by>=<value>` per value, rows in order."""

    def save(self, sql: str, folder: Path) -> None:
        """Write a query as Parquet."""

    def write_none(self, sql: str, folder: Path, without: str) -> None:
        """Write an empty Parquet file with the columns of a query, except `without`."""

"""What runs the plan: Spark, or DuckDB on one machine. Both are given the same text, written as Spark reads it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


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
        """Forget a view."""

    @property
    def parallelism(self) -> int:
        """The number of tasks that run at the same time."""

    def run_tasks(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
        """The results of a function for each task, in the order of the tasks; they run in other processes."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a small query."""

    def columns(self, view: str) -> list[str]:
        """The columns of a view."""

    def problem(self, view: str, condition: str) -> str | None:
        """What is wrong with a condition over a view's columns; None if nothing is."""

    def write(self, sql: str, folder: Path, by: str, order: str | None = None) -> None:
        """Write a query as Parquet, a folder `<by>=<value>` each, its rows ordered if a column is given."""

    def save(self, sql: str, folder: Path) -> None:
        """Write a query as Parquet."""

    def write_none(self, sql: str, folder: Path, without: str) -> None:
        """Write the columns of a query, without one of them, and no row."""

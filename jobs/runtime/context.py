"""What every step is handed: settings, project, a voice, and Spark when it is first needed."""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self

from features import DuckEngine, Engine, PrecomputedSnapshots, Snapshots, SparkEngine
from lake import Table
from projects import Project, load_project
from stack.engines import spark_session
from stack.errors import PrichalError
from stack.locks import Locks
from stack.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class DateError(PrichalError):
    """A date that is none, or a range without a snapshot date."""


@dataclass
class Context:
    """One process's surroundings.

    Attributes:
        locks: those of the step that runs; None between steps.
    """

    settings: Settings
    project: Project
    began: float = field(default_factory=time.monotonic)
    spark_called: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    locks: Locks | None = None
    _session: "SparkSession | None" = None
    _pinned: Snapshots | None = None

    @classmethod
    def of(cls, project: str) -> "Context":
        """Settings of this process and the project by name."""
        return cls(Settings.load(), load_project(project))

    def say(self, line: str) -> None:
        """Tell a person how far it is."""
        sys.stdout.write(f"[{time.monotonic() - self.began:5.0f} s] {line}\n")
        sys.stdout.flush()

    def spark(self) -> "SparkSession":
        """The one Spark session of this process, started on the first call."""
        with self.lock:
            if not self.spark_called:
                self.spark_called = True
                self.say(f"spark · starting on {self.settings.spark_master}")
            self._session = spark_session.session(self.settings, self.project.time_zone)
            return self._session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """End the Spark of this process, if it was started."""
        if self._session is not None:
            spark_session.end(self._session)
            self._session = None

    def engine(self) -> Engine:
        """What runs the plan of features, as the setting ENGINE says.

        `auto` is DuckDB where Spark would run on this machine alone, unless a feature needs a sketch, which is Spark's.
        """
        if self.settings.engine == "duckdb" or (self.settings.engine == "auto" and self._is_for_one_machine()):
            return DuckEngine(self.project.time_zone)
        return SparkEngine(self.spark())

    def _is_for_one_machine(self) -> bool:
        has_sketch = any(getattr(feature, "aggregation", "") == "distinct_about" for feature in self.project.features)
        return self.settings.spark_master.startswith("local") and not has_sketch

    @property
    def sampled(self) -> Path:
        """Where a simulation of the project writes its exports."""
        return self.settings.state / "raw" / self.project.name

    @property
    def truth(self) -> Path:
        """Where a simulation of the project writes what really goes on; no step that predicts reads it."""
        return self.settings.state / "truth" / self.project.name

    @property
    def raw(self) -> Path:
        """The project's own raw data, or the simulated."""
        return self.project.raw or self.sampled

    @property
    def tables(self) -> dict[str, Table]:
        """The lake's tables by source."""
        return {source.name: self.table(source.name) for source in self.project.sources}

    @property
    def snapshots(self) -> Snapshots:
        """The project's snapshots; within a step, all over one state of the lake."""
        return self._pinned or self._snapshots()

    @contextmanager
    def one_state_of_the_lake(self, hold_making: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """Within the block, snapshots are made of the tables as they are now, whatever an ingest replaces.

        Args:
            hold_making: held around the making of snapshots, which one process at a time may do.
        """
        before, self._pinned = self._pinned, self._snapshots()
        self._pinned.pin(hold_making)
        try:
            yield
        finally:
            self._pinned = before

    def remove_outdated(self) -> None:
        """Remove the folders of the lake that newer ones replaced; nobody may be reading them."""
        for table in self.tables.values():
            table.remove_outdated()
        self._snapshots().remove_outdated()

    def _snapshots(self) -> Snapshots:
        kind = Snapshots if self.project.table is None else PrecomputedSnapshots
        return kind(self.settings.lake, self.project.spec)

    def table(self, source: str) -> Table:
        """The lake's table of a source."""
        return Table(self.settings.lake, self.project.name, source)

    def day(self, as_of: str) -> date:
        """One date: `latest` is the day after the last day of data, or the last date of a ready table.

        Raises:
            DateError: not a date.
            AsOfError: outside the data.
        """
        day = self.snapshots.latest if as_of == "latest" else parse_date(as_of)
        self.snapshots.check(day)
        return day

    def grid(self, until: date) -> list[date]:
        """The snapshot dates that a training on `until` may look at."""
        return self.snapshots.grid(self.project.first_snapshot, until)

    def dates(self, as_of: str) -> list[date]:
        """What the step `features` builds: for a date, what training and scoring on it need; for a range, its months.

        Raises:
            DateError: not a date or range, or a range that holds no first day of a month.
        """
        first, dots, last = as_of.partition("..")
        if not dots:
            day = self.day(as_of)
            return sorted({*self.grid(day), day})
        found = self.snapshots.grid(parse_date(first), parse_date(last))
        if not found:
            what = "first day of a month" if self.project.table is None else "date of the table"
            raise DateError(f"as_of {as_of} holds no {what}: widen the range, such as 1997-05-01..1998-04-01.")
        return found


def parse_date(text: str) -> date:
    """A date written as 1998-07-01.

    Raises:
        DateError: it is not.
    """
    problem = DateError(f"as_of {text!r} is not a date: write it as 1998-07-01, or latest.")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):  # Python also reads 19980701 and 1998-W27-3
        raise problem
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise problem from None

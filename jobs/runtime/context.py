"""The context of a step: settings, project, console output, and a Spark session that starts at its first use."""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from actions.lift.contacted_people import read_contacts
from features import DuckEngine, Engine, Population, PrecomputedSnapshots, Snapshots, SparkEngine
from lake import Table
from projects import Project, load_project
from stack.engines import spark_session
from stack.errors import PrichalError
from stack.locks import Locks
from stack.settings import Settings
from training import Contacts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class DateError(PrichalError):
    """A text that is no date, or a range without a snapshot date."""


@dataclass
class Context:
    """Settings, project and resources of one process.

    Attributes:
        locks: of the running step; None between steps.
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
        """The context of this process for the project of that name."""
        return cls(Settings.load(), load_project(project))

    def say(self, line: str) -> None:
        """Print a line with the seconds since the start."""
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
        """The engine that computes features, by the setting ENGINE.

        `auto` is DuckDB if Spark would run on this machine only and no feature needs a sketch, which only Spark has.
        """
        has_sketch = any(getattr(feature, "aggregation", "") == "distinct_about" for feature in self.project.features)
        return self._engine("spark" if has_sketch and self.settings.engine == "auto" else self.settings.engine)

    def ingest_engine(self) -> Engine:
        """The engine that ingests, by the setting ENGINE: `auto` is DuckDB if Spark would run on this machine."""
        return self._engine(self.settings.engine)

    def _engine(self, setting: str) -> Engine:
        is_local = self.settings.spark_master.startswith("local")
        if setting == "duckdb" or (setting == "auto" and is_local):
            return DuckEngine(self.project.time_zone)
        return SparkEngine(self.spark())

    @property
    def sampled(self) -> Path:
        """Folder of the project's simulated exports."""
        return self.settings.state / "raw" / self.project.name

    @property
    def truth(self) -> Path:
        """Folder of the simulation's true states and probabilities; no step of the pipeline reads it."""
        return self.settings.state / "truth" / self.project.name

    @property
    def raw(self) -> Path:
        """Folder of the project's own exports, or of the simulated ones."""
        return self.project.raw or self.sampled

    @property
    def tables(self) -> dict[str, Table]:
        """The lake's tables by source."""
        return {source.name: self.table(source.name) for source in self.project.sources}

    @property
    def snapshots(self) -> Snapshots:
        """The project's snapshots; within a step, all are built from one state of the lake."""
        return self._pinned or self._snapshots()

    @contextmanager
    def one_state_of_the_lake(self, hold_making: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """Within the block, build snapshots from the tables as they are now, even if an ingest replaces them.

        Args:
            hold_making: lock around building snapshots, which one process at a time may do.
        """
        before, self._pinned = self._pinned, self._snapshots()
        self._pinned.pin(hold_making)
        try:
            yield
        finally:
            self._pinned = before

    def remove_outdated(self) -> None:
        """Remove the folders of the lake that newer ones replaced; no process may be reading them."""
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
        """One date: `latest` is the day after the last day of data, or the last date of a precomputed table.

        Raises:
            DateError: the text is no date.
            AsOfError: the date is outside the data.
        """
        day = self.snapshots.latest if as_of == "latest" else parse_date(as_of)
        if as_of == "latest" and (lag := self.snapshots.lag):
            self.say(f"latest · {day}: {lag}")
        self.snapshots.check(day)
        return day

    def contacts_to_leave_out(self) -> Contacts | None:
        """All our contacts; None where the training plan keeps the people whom we contacted."""
        plan = self.project.actions
        if plan is None or not self.project.training.without_contacted:
            return None
        return read_contacts(self.settings.require_database(), plan, self.snapshots)

    def grid(self, until: date, population: Population | None = None) -> list[date]:
        """The snapshot dates that a training on `until` may use; those of a population that declares `every_days`."""
        snapshots = self.snapshots if population is None else self.snapshots.of(population)
        return snapshots.grid(self.project.first_snapshot, until)

    def build_population_snapshots(self, until: date) -> None:
        """Build the snapshots of each population that declares `every_days`, and print their number."""
        for population in self.project.populations:
            if population.every_days is not None:
                dates = self.grid(until, population)
                built = self.snapshots.of(population).build(self.engine, dates)
                self.say(
                    f"features · {population.name}: {sum(built.rows.values()):,} rows of {len(dates)} dates, one every "
                    f"{population.every_days} days, {len(built.new_dates)} dates built now"
                )

    def dates(self, as_of: str) -> list[date]:
        """The dates that the step `features` builds: those needed to train and score on a date, or a range's months.

        Raises:
            DateError: the text is no date or range, or the range has no first day of a month.
        """
        first, dots, last = as_of.partition("..")
        if not dots:
            day = self.day(as_of)
            return sorted({*self.grid(day), day})
        days = self.snapshots.grid(parse_date(first), parse_date(last))
        if not days:
            unit = "first day of a month" if self.project.table is None else "date of the table"
            raise DateError(f"as_of {as_of} has no {unit}: widen the range, such as 1997-05-01..1998-04-01.")
        return days

    def dates_to_score(self, as_of: str) -> list[date]:
        """The dates of a range A..B: all days, or the dates of a precomputed table.

        Raises:
            DateError: the text is no range, or the range has no date.
            AsOfError: a date is outside the data.
        """
        first, last = map(parse_date, as_of.split("..", 1))
        days = [first + timedelta(number) for number in range((last - first).days + 1)]
        if self.project.table is not None:
            days = self.snapshots.grid(first, last)
        if not days:
            raise DateError(f"as_of {as_of} has no date: write the earlier date first, such as 1998-06-01..1998-07-01.")
        for day in days:
            self.snapshots.check(day)
        return days


def parse_date(text: str) -> date:
    """The date of a text such as 1998-07-01.

    Raises:
        DateError: the text is no such date.
    """
    problem = DateError(f"as_of {text!r} is not a date: write it as 1998-07-01, or latest.")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):  # Python also reads 19980701 and 1998-W27-3
        raise problem
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise problem from None

"""Snapshots: features and labels at dates, computed once and stored as Parquet.

A folder's name contains a hash of its inputs: changed rows or declarations give a new folder.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from features.compile.grid import Grid
from features.compile.plan import joined, source_plans, with_steps
from features.compile.population_membership import check_conditions, labelled_sql, population_members
from features.declare.label import Population
from features.declare.snapshot_spec import SnapshotSpec
from features.snapshot_files import check_snapshot, is_whole_snapshot, member_count, seal_snapshot
from features.window_states import WindowStates
from lake import Coverage, DayChecksum, Dimension, Table
from lake.identity import register_sources
from stack.engines.engine import Engine
from stack.errors import PrichalError
from stack.folders.atomic import fresh_partial, publish_directory

#: increase this when the same declarations compile to another plan.
VERSION = 5


class AsOfError(PrichalError):
    """A date that is outside the data."""


@dataclass(frozen=True)
class Built:
    """The result of a build: rows by date, and the dates that were computed now."""

    rows: dict[date, int]
    new_dates: tuple[date, ...]


class Snapshots:
    """The snapshots of one project in a lake.

    A population that declares `every_days` has snapshots of its own, which hold its members alone: `of` returns them.
    """

    def __init__(self, lake: Path, spec: SnapshotSpec) -> None:
        self.spec = spec
        self.folder = lake / spec.project / "snapshots"
        self.tables = {source.name: Table(lake, spec.project, source.name) for source in spec.sources}
        self._digests: dict[tuple[object, ...], str] = {}
        self._hold_making: Callable[[], AbstractContextManager[None]] = nullcontext

    def of(self, population: Population) -> "Snapshots":
        """The snapshots that a population's model learns from: these, or its own if it declares `every_days`."""
        if population.every_days is None:
            return self
        return _PopulationSnapshots(self, population)

    def pin(self, hold_making: Callable[[], AbstractContextManager[None]]) -> None:
        """Use the tables' current manifests, and hold `hold_making` while snapshots are computed."""
        self._hold_making = hold_making
        for table in self.tables.values():
            table.pin()

    @property
    def coverage(self) -> Coverage:
        """The days that the project's data covers: from the first day of any log to the earliest end of one.

        Dimensions and sources whose event time is looked up do not count; sparse sources do not end the data.
        """
        starts = [self.tables[source.name].require().coverage.start for source in self.spec.sources
                  if source.is_dated and not isinstance(source, Dimension)]  # fmt: skip
        return Coverage(min(starts), min(self.ends.values()))

    @property
    def ends(self) -> dict[str, date]:
        """Source -> the day before which it is complete; only sources that can end the data."""
        return {
            source.name: self.tables[source.name].require().coverage.end
            for source in self.spec.sources
            if source.limits_coverage
        }

    @property
    def lag(self) -> str | None:
        """Which sources hold the others back, and by how many days; None if all end on one day."""
        ends = self.ends
        end, later = min(ends.values()), [day for day in ends.values() if day > min(ends.values())]
        if not later:
            return None
        names = [name for name, day in ends.items() if day == end]
        days = (min(later) - end).days
        ending = f"{', '.join(names)} {'ends' if len(names) == 1 else 'end'} before {end}"
        return (
            f"{ending}, {days} {'day' if days == 1 else 'days'} earlier than the other sources; ingest newer files, or "
            "declare sparse=True if many days have no row"
        )

    @property
    def latest(self) -> date:
        """The latest date that a snapshot can have."""
        return self.coverage.end

    def grid(self, first: date, last: date) -> list[date]:
        """The dates in [first, last] that a training may look at: the first days of months."""
        return monthly(first, last)

    def known_until(self, as_of: date) -> date:
        """The day before which a training on `as_of` knows what happened."""
        return min(as_of, self.coverage.end)

    def covers(self, as_of: date) -> bool:
        """Whether a snapshot can be made of that date."""
        return self.coverage.start < as_of <= self.coverage.end

    def unlabelled(self, as_of: date) -> int | None:
        """How many rows of the date are kept for scoring alone; None where all rows of a date are scored."""
        return None

    def check(self, as_of: date) -> None:
        """Check that the data covers `as_of`.

        Raises:
            AsOfError: the date is outside the data.
        """
        cover = self.coverage
        if not self.covers(as_of):
            lag = f" ({lag})" if as_of > cover.end and (lag := self.lag) else ""
            raise AsOfError(
                f"as_of {as_of} is outside the data of {self.spec.project}: it may be {_next(cover.start)} to "
                f"{cover.end} (or latest){lag}; ingest newer exports for a later date."
            )

    def build(self, engine: Callable[[], Engine], dates: Sequence[date]) -> Built:
        """Compute the missing and damaged snapshots of `dates` in one pass.

        Args:
            engine: returns the engine; not called if no snapshot is missing.
            dates: snapshot dates.

        Raises:
            AsOfError: a date lies outside the data.
        """
        for day in dates:
            self.check(day)
        missing = self._missing(dates)
        if missing:
            with self._hold_making():
                missing = self._missing(dates)  # another process may have made them while this one waited
                if missing:
                    self._make(engine(), missing)
        return Built({day: self._rows(day) for day in sorted(set(dates))}, tuple(missing))

    def remove_outdated(self) -> None:
        """Remove replaced snapshots; no other process may be reading them."""
        for population in self.spec.populations:
            if population.every_days is not None and self.spec.only is None:
                self.of(population).remove_outdated()
        for folder in self.folder.glob("as_of=*"):
            folders = list(folder.iterdir())
            if len(folders) < 2:
                continue
            current = self.path(date.fromisoformat(folder.name.removeprefix("as_of=")))
            for old in folders:
                if current.exists() and old != current:
                    shutil.rmtree(old, ignore_errors=True)

    def _missing(self, dates: Sequence[date]) -> list[date]:
        return [day for day in sorted(set(dates)) if not is_whole_snapshot(self.path(day))]

    def backfill(self, engine: Engine, dates: Sequence[date], folder: Path) -> list[Path]:
        """Compute snapshots of these dates from the rows, ignoring stored ones, as `folder`/as_of=<date>."""
        register_sources(engine, self.tables, self.spec.sources)
        scratch = fresh_partial(folder / "windows")
        with population_members(engine, self.spec, dates) as view:
            plan = self._staged(engine, dates, self._first_day(engine), view, scratch)
            engine.write(self._labelled(engine, plan, dates), folder / "made", "as_of", self.spec.entity)
        shutil.rmtree(scratch)
        return [folder / "made" / f"as_of={day.isoformat()}" for day in dates]

    def path(self, as_of: date) -> Path:
        """Folder of the current snapshot of `as_of`; it exists only if it is complete."""
        return self.folder / f"as_of={as_of.isoformat()}" / self.digest(as_of)

    def member_count(self, as_of: date, population: str, *, unlabelled: bool = False) -> int:
        """How many rows of the population the snapshot was made with; only those without a label if so asked."""
        return member_count(self.path(as_of), population, unlabelled=unlabelled)

    def digest(self, as_of: date) -> str:
        """Hash of the declarations and of the rows that decide the snapshot: those known before, those of its label.

        A new day of data leaves older snapshots as they are.
        """
        current = (as_of, *(table.require().digest for table in self.tables.values()))
        if current not in self._digests:
            self._digests[current] = self._digest(as_of)
        return self._digests[current]

    def _digest(self, as_of: date) -> str:
        inputs: list[object] = [sorted(self.known_before(as_of).items())]
        for population in self.spec.populations:
            if population.label.matured(as_of, self.coverage.end) and self.spec.only in {None, population.name}:
                until = population.label.matures_on(as_of).isoformat()
                inputs.append([(name, *_sum_until(self.tables[name], until)) for name in population.label.about])
        return hashlib.sha256(repr((VERSION, self.spec, inputs, as_of)).encode()).hexdigest()[:16]

    def known_before(self, as_of: date) -> dict[str, tuple[int, int]]:
        """Source -> number of its rows that had happened and were known before the date, and a sum of their hashes."""
        day = as_of.isoformat()
        return {
            name: _summed(checksum for checksum in table.checksums() if max(checksum.day, checksum.known_day) < day)
            for name, table in self.tables.items()
        }

    def _make(self, engine: Engine, dates: list[date]) -> None:
        """Compute the last date from earlier window states, and any other dates from the rows in one pass."""
        register_sources(engine, self.tables, self.spec.sources)
        since = self._first_day(engine)
        daily = WindowStates(self.folder.parent / "daily", self.spec, self.tables, since)
        check_conditions(engine, self.spec)
        is_daily = self.spec.only is None and (daily.has_aggregates or len(dates) == 1)
        morning = [day for day in dates if day == self.coverage.end and is_daily]  # states are of all people
        scratch = fresh_partial(self.folder / "windows")
        for days in (morning, [day for day in dates if day not in morning]):
            if not days:
                continue
            with population_members(engine, self.spec, days) as view:
                if days == morning:
                    plan = daily.plan_sql(engine, days[0], view)
                    register_sources(engine, self.tables, self.spec.sources)  # it showed some of their months
                else:
                    plan = self._staged(engine, days, since, view, scratch)
                self._write(engine, plan, days)
        shutil.rmtree(scratch, ignore_errors=True)

    def _first_day(self, engine: Engine) -> date:
        """The first day of any row; no window of a feature may begin before it without a bound."""
        days = [self.tables[source.name].require().coverage.start for source in self.spec.sources if source.is_dated]
        for source in self.spec.sources:
            if not source.has_own_time:
                first = engine.rows(f"select cast(min(cast({source.event_time} as date)) as string) from {source.name}")
                days += [date.fromisoformat(str(day)) for (day,) in first if day is not None]
        return min(days)

    def _staged(self, engine: Engine, dates: Sequence[date], since: date, view: str | None, folder: Path) -> str:
        """The plan of `snapshot_sql`, run source by source: so it needs the memory of one, and few columns at once."""
        spec = self.spec
        grid = Grid.of(dates, since, spec.time_zone)
        plans = source_plans(spec.features, spec.sources, grid)
        for plan in plans:
            steps = plan.steps(view, members_are_few=spec.only is not None)
            last = f"{plan.source.name}_windows"
            shared = [name for name in plan.shared if name in steps]
            before: dict[str, str] = {}
            for name in [*steps]:
                before[name] = steps[name]
                if name in shared:  # several steps read it, and Spark would make it for each of them
                    engine.keep(name, f"{with_steps(grid, before)}select * from {name}")
                    before.pop(name)
            engine.save(f"{with_steps(grid, before)}select * from {last}", folder / last)
            for name in shared:
                engine.drop(name)
            engine.show_files(last, [folder / last])
        return with_steps(grid, {}) + joined(spec.features, plans, spec.entity, view)

    def _labelled(self, engine: Engine, plan: str, dates: Sequence[date]) -> str:
        end = self.coverage.end
        matured = {
            population.name: [day for day in dates if population.label.matured(day, end)]
            for population in self.spec.populations
            if self.spec.only in {None, population.name}
        }
        return labelled_sql(engine, plan, self.spec, matured)

    def _write(self, engine: Engine, plan: str, dates: list[date]) -> None:
        sql = self._labelled(engine, plan, dates)
        partial = fresh_partial(self.folder / "snapshots")
        engine.write(sql, partial, "as_of", self.spec.entity)
        for day in dates:
            written = partial / f"as_of={day.isoformat()}"
            if not written.exists():  # nobody belongs to a population on that day
                engine.write_none(sql, written, "as_of")
            self._publish(written, day)
        shutil.rmtree(partial)

    def _publish(self, written: Path, day: date) -> None:
        """Move one date's folder to its place; what it replaces stays for readers."""
        target = self.path(day)
        target.parent.mkdir(parents=True, exist_ok=True)
        seal_snapshot(written)
        publish_directory(written, target)

    def _rows(self, day: date) -> int:
        return check_snapshot(self.path(day)).rows


class _PopulationSnapshots(Snapshots):
    """Snapshots of one population, on the dates that it declares."""

    def __init__(self, whole: Snapshots, population: Population) -> None:
        super().__init__(whole.folder.parent.parent, replace(whole.spec, only=population.name))
        self.folder = whole.folder / f"population={population.name}"
        self.tables, self._hold_making = whole.tables, whole._hold_making
        self.every_days = population.every_days or 1

    def grid(self, first: date, last: date) -> list[date]:
        """Every so many days in [first, last], from the first."""
        return [first + timedelta(days) for days in range(0, (last - first).days + 1, self.every_days)]


def monthly(first: date, last: date) -> list[date]:
    """The first days of the months in [first, last].

    >>> [str(day) for day in monthly(date(2026, 11, 15), date(2027, 1, 1))]
    ['2026-12-01', '2027-01-01']
    """
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    days = [date(month // 12, month % 12 + 1, 1) for month in months]
    return [day for day in days if first <= day <= last]


def _sum_until(table: Table, day: str) -> tuple[int, int]:
    return _summed(checksum for checksum in table.checksums() if checksum.day < day)


def _summed(checksums: Iterable[DayChecksum]) -> tuple[int, int]:
    rows, content = 0, 0
    for checksum in checksums:
        rows, content = rows + checksum.rows, content + checksum.content
    return rows, content


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)

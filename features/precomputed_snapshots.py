"""Snapshots of a precomputed table: its rows and dates, in the same folders and columns as other snapshots."""

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from features.declare.precomputed_table import ReadyTable
from features.declare.snapshot_spec import SnapshotSpec
from features.snapshots import AsOfError, Snapshots
from lake import Coverage, Table
from lake.declarations import DeclarationError
from lake.identity import register_sources
from stack.engines.duckdb_engine import DuckEngine
from stack.engines.engine import Engine
from stack.errors import PrichalError

#: increase this when the same table gives other snapshots.
VERSION = 1


class LabelError(PrichalError):
    """Labels of a horizon that is not over yet."""


class PrecomputedSnapshots(Snapshots):
    """The dates of a project's ready table.

    A date's labels count once they are matured, as everywhere. What happened is known up to the last date of the
    table; and up to where the labels of a date look, where none of its rows is without one. Of a table of one day,
    the rows without a label are those to be scored, and the others' labels are known.
    """

    def __init__(self, lake: Path, spec: SnapshotSpec, today: date | None = None) -> None:
        super().__init__(lake, spec)
        if spec.table is None:
            raise DeclarationError(f"Project {spec.project} declares no ready table.")
        self.declared: ReadyTable = spec.table
        self.table: Table = self.tables[self.declared.name]
        self.today = today or date.today()

    @property
    def dates(self) -> list[date]:
        """The dates of its rows, in order."""
        return sorted(self._counts)

    @property
    def latest(self) -> date:
        """The last of its dates."""
        return self.dates[-1]

    def grid(self, first: date, last: date) -> list[date]:
        """Its dates in [first, last]."""
        return [day for day in self.dates if first <= day <= last]

    @property
    def coverage(self) -> Coverage:
        """From its first date to the day before which its labels say what happened.

        Raises:
            LabelError: that day is still to come.
        """
        dates, label = self.dates, self.declared.label
        labelled_days = [
            day
            for day, (labelled, not_known) in self._counts.items()
            if labelled and not (not_known and self.spec.dated)
        ]
        ends = label.matures_on(max(labelled_days)) if labelled_days else dates[-1]
        if ends > self.today:
            raise LabelError(
                f"Table {self.declared.name}: the labels of {max(labelled_days)} look {label.reach.days} days ahead, "
                f"to {ends}, and today is {self.today}: nobody can know them; "
                f"leave `{label.column}` empty, or mend the date."
            )
        return Coverage(dates[0], max(dates[-1], ends))

    def known_until(self, as_of: date) -> date:
        """A training on the last date uses every label that can be known; on an earlier one, those of then."""
        return self.coverage.end if as_of == self.latest else as_of

    def covers(self, as_of: date) -> bool:
        """Whether it has rows of that date."""
        return as_of in self._counts

    def unlabelled(self, as_of: date) -> int | None:
        """Without dates: its rows without a label, those to be scored; 0 if there are none, and all are scored."""
        return None if self.spec.dated else self._counts[as_of][1]

    def check(self, as_of: date) -> None:
        """See that the table has rows of that date.

        Raises:
            AsOfError: it has none.
        """
        if not self.covers(as_of):
            days = [str(day) for day in self.dates]
            dates = f"the {len(days)} from {days[0]} to {days[-1]}" if len(days) > 1 else days[0]
            raise AsOfError(
                f"as_of {as_of} is no date of the table {self.declared.name} of {self.spec.project}: it may be "
                f"one of its dates, {dates} (or latest)."
            )

    def backfill(self, engine: Engine, dates: Sequence[date], folder: Path) -> list[Path]:
        """Take these dates from the table as it is now, whatever is kept."""
        sql = self._labelled(engine, self._rows_of(engine, dates), dates)
        folder.mkdir(parents=True, exist_ok=True)
        engine.write(sql, folder / "made", "as_of", self.spec.entity)
        return [folder / "made" / f"as_of={day.isoformat()}" for day in dates]

    def _digest(self, as_of: date) -> str:
        day = as_of.isoformat()
        rows = [(checksum.rows, checksum.content) for checksum in self.table.checksums() if checksum.day == day]
        matured = self.declared.label.matured(as_of, self.coverage.end)
        return hashlib.sha256(repr((VERSION, self.spec, rows, matured, as_of)).encode()).hexdigest()[:16]

    def _make(self, engine: Engine, dates: list[date]) -> None:
        self._write(engine, self._rows_of(engine, dates), dates)

    def _rows_of(self, engine: Engine, dates: Sequence[date]) -> str:
        """SQL of the features at these dates."""
        register_sources(engine, self.tables, self.spec.sources)
        wanted = ", ".join(f"date'{day.isoformat()}'" for day in dates)
        return f"select * from ({self.declared.sql()}) where as_of in ({wanted})"

    @property
    def _counts(self) -> dict[date, tuple[int, int]]:
        """Its dates, and how many of their rows have a label and how many have none."""
        return _counted(tuple(self.table.folders()), self.declared.source.event_time, self.declared.left)


@lru_cache(maxsize=8)
def _counted(folders: tuple[Path, ...], time: str, left: str) -> dict[date, tuple[int, int]]:
    """Rows with a label and without one by date; a folder's content never changes."""
    engine = DuckEngine("UTC")
    engine.show_files("rows", folders)
    counts = engine.rows(f"select {time}, count({left}), count_if({left} is null) from rows group by {time}")
    return {day: (labelled, not_known) for day, labelled, not_known in counts}

"""Snapshots: features and labels at dates, made once by Spark and kept as Parquet.

A date's folder is named by what it was made from, so a changed log or declaration makes a new one and
an unchanged one costs nothing.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.members import check_conditions, labelled, members
from features.plan import snapshot_sql
from features.spec import SnapshotSpec
from lake import Coverage, Table
from stack.errors import PrichalError
from stack.files import adopt, fresh_partial

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: raise when the same declarations compile to something else.
VERSION = 2


class AsOfError(PrichalError):
    """A date for which no snapshot can be made."""


@dataclass(frozen=True)
class Built:
    """What a build did: rows by date, and which dates were made now rather than found."""

    rows: dict[date, int]
    made: tuple[date, ...]


class Snapshots:
    """The snapshots of one project in a lake."""

    def __init__(self, lake: Path, spec: SnapshotSpec) -> None:
        self.spec = spec
        self.folder = lake / spec.project / "snapshots"
        self.tables = {source.name: Table(lake, spec.project, source.name) for source in spec.sources}

    @property
    def coverage(self) -> Coverage:
        """The days that the project's data speaks of: from when any source begins to when the first one ends."""
        covers = [table.require().coverage for table in self.tables.values()]
        return Coverage(min(cover.start for cover in covers), min(cover.end for cover in covers))

    def check(self, as_of: date) -> None:
        """See that the data can tell the state at `as_of`.

        Raises:
            AsOfError: it lies outside the data.
        """
        cover = self.coverage
        if not cover.start < as_of <= cover.end:
            raise AsOfError(
                f"as_of {as_of} is outside the data of {self.spec.project}: it may be {_next(cover.start)} to "
                f"{cover.end} (or latest); ingest newer exports for a later date."
            )

    def build(self, spark: "Callable[[], SparkSession]", dates: Sequence[date]) -> Built:
        """Make the snapshots of `dates` that are not there yet, all in one pass.

        Args:
            spark: gives the session; not called when nothing has to be made.
            dates: snapshot dates.

        Raises:
            AsOfError: a date lies outside the data.
        """
        for day in dates:
            self.check(day)
        missing = [day for day in sorted(set(dates)) if not self.path(day).exists()]
        if missing:
            self._make(spark(), missing)
        return Built({day: self._rows(day) for day in sorted(set(dates))}, tuple(missing))

    def path(self, as_of: date) -> Path:
        """Folder of the current snapshot of `as_of`: it exists once it is complete."""
        return self.folder / f"as_of={as_of.isoformat()}" / self.digest(as_of)

    def digest(self, as_of: date) -> str:
        """Hash of the declarations and of the rows of the lake that the snapshot is made from."""
        inputs = {name: table.require().digest for name, table in self.tables.items()}
        return hashlib.sha256(repr((VERSION, self.spec, sorted(inputs.items()), as_of)).encode()).hexdigest()[:16]

    def _make(self, spark: "SparkSession", dates: list[date]) -> None:
        from lake import register

        spec = self.spec
        register(spark, self.tables, spec.sources)
        check_conditions(spark, spec)
        partial = fresh_partial(self.folder / "snapshots")
        matured = {
            one.name: [day for day in dates if one.label.matured(day, self.coverage.end)] for one in spec.populations
        }
        with members(spark, spec, dates) as view:
            plan = snapshot_sql(spec.features, spec.sources, spec.entity, dates, view)
            frame = labelled(spark, spark.sql(plan), spec, matured)
            ordered = frame.repartition("as_of").sortWithinPartitions("as_of", spec.entity)
            ordered.write.partitionBy("as_of").parquet(str(partial))
        for day in dates:
            written = partial / f"as_of={day.isoformat()}"
            if not written.exists():  # nobody belongs to a population on that day
                spark.createDataFrame([], frame.drop("as_of").schema).write.parquet(str(written))
            self._adopt(written, day)
        shutil.rmtree(partial)

    def _adopt(self, written: Path, day: date) -> None:
        """Move one date's folder to its place and drop what it replaces."""
        target = self.path(day)
        target.parent.mkdir(parents=True, exist_ok=True)
        (written / "_rows.json").write_text(json.dumps({"rows": sum(_parquet_rows(written))}))
        adopt(written, target)
        for old in target.parent.iterdir():
            if old != target:
                shutil.rmtree(old)

    def _rows(self, day: date) -> int:
        return int(json.loads((self.path(day) / "_rows.json").read_text())["rows"])


def monthly(first: date, last: date) -> list[date]:
    """The first days of the months in [first, last].

    >>> [str(day) for day in monthly(date(2026, 11, 15), date(2027, 1, 1))]
    ['2026-12-01', '2027-01-01']
    """
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    days = [date(month // 12, month % 12 + 1, 1) for month in months]
    return [day for day in days if first <= day <= last]


def _parquet_rows(folder: Path) -> Iterator[int]:
    from pyarrow import parquet

    for file in folder.glob("*.parquet"):
        yield parquet.read_metadata(file).num_rows


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)

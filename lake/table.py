"""A table of the lake: immutable Parquet folders, and a manifest that names the current ones.

A reader sees the old table or the new one, never a mixture: a folder is complete before the manifest names it.

    staged/<batch>/           every row of the files of one ingest: valid rows are typed, invalid rows have a reason
    months/<month>/<digest>/  the valid rows of a month, one per key
    current.json              the manifest: files, batches, months and numbers of rows
"""

import json
import shutil
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stack.engines.paths import spark_path
from stack.errors import PrichalError
from stack.folders.atomic import replace_text
from stack.folders.checked_folder import check

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class UnknownTableError(PrichalError):
    """The table does not exist yet."""


class BrokenManifestError(PrichalError):
    """The manifest of a table cannot be read."""


@dataclass(frozen=True)
class Coverage:
    """The days that a table covers: from `start` up to, and not including, `end`."""

    start: date
    end: date


@dataclass(frozen=True)
class IngestedFile:
    """An ingested file: SHA-256 of its bytes, its batch, its place in the batch, and counts of its rows.

    `drop` is the stored name of the day of its batch, as text; None outside of batches.
    `months` maps a month to the number of valid rows; `trimmed` rows had invisible characters around a key; no document
    of the file has an `absent` column.
    """

    content: str
    batch: str
    place: int
    drop: str | None
    rows_in: int
    quarantined: int
    months: Mapping[str, int]
    trimmed: int = 0
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class DayChecksum:
    """A checksum of the rows that happened on one day and became known on another.

    Equal checksums mean equal rows, so everything derived from these rows is still up to date.

    Attributes:
        day: the day of the events, as text.
        known_day: the day on which we knew them, as text.
        rows: how many rows.
        content: sum of the rows' hashes.
    """

    day: str
    known_day: str
    rows: int
    content: int

    def __repr__(self) -> str:
        """The text that earlier releases wrote: digests of daily aggregates are hashes of it."""
        return f"Mark(day={self.day!r}, known={self.known_day!r}, rows={self.rows!r}, content={self.content!r})"


@dataclass(frozen=True)
class Month:
    """A month's current folder: its digest, its number of contradicting rows, and a checksum for each day."""

    digest: str
    contradictions: int
    checksums: tuple[DayChecksum, ...] = ()

    @property
    def rows_kept(self) -> int:
        """Rows in the table."""
        return sum(checksum.rows for checksum in self.checksums)

    @property
    def days(self) -> list[str]:
        """The days that have a row, in order."""
        return sorted({checksum.day for checksum in self.checksums})


@dataclass(frozen=True)
class Manifest:
    """The content of a table and its files; rows in = rows kept + duplicates + quarantined.

    `declaration_digest` is a hash of the source's declaration. If the declaration changes, all files are read again.
    """

    digest: str
    declaration_digest: str
    start: str
    end: str
    files: Mapping[str, IngestedFile]
    months: Mapping[str, Month]

    @property
    def coverage(self) -> Coverage:
        """The days that the table covers."""
        return Coverage(date.fromisoformat(self.start), date.fromisoformat(self.end))

    @property
    def rows_in(self) -> int:
        """Rows of all files."""
        return sum(file.rows_in for file in self.files.values())

    @property
    def rows_kept(self) -> int:
        """Rows in the table."""
        return sum(month.rows_kept for month in self.months.values())

    @property
    def quarantined(self) -> int:
        """Rows that cannot be used, including contradicting rows."""
        return sum(file.quarantined for file in self.files.values()) + sum(
            month.contradictions for month in self.months.values()
        )

    @property
    def trimmed(self) -> int:
        """Rows with invisible characters around a key, which were removed."""
        return sum(file.trimmed for file in self.files.values())

    @property
    def absent(self) -> dict[str, list[str]]:
        """The declared columns that no document of some files has, and the names of these files."""
        columns: dict[str, list[str]] = {}
        for name, file in self.files.items():
            for column in file.absent:
                columns.setdefault(column, []).append(name)
        return columns

    @property
    def duplicates(self) -> int:
        """Rows that were replaced by another row with the same key."""
        return self.rows_in - self.rows_kept - self.quarantined


class Table:
    """The lake's table of one source of one project."""

    def __init__(self, lake: Path, project: str, source: str) -> None:
        self.name = f"{project}.{source}"
        self.project = project
        self.folder = lake / project / "tables" / source
        self.quarantine = lake / project / "quarantine" / source
        self._pinned: Manifest | None = None

    def pin(self) -> None:
        """Use the current manifest as long as this object lives, even if an ingest publishes another one."""
        self._pinned = self.manifest()

    def manifest(self) -> Manifest | None:
        """The current manifest; None before the first ingest.

        Raises:
            BrokenManifestError: `current.json` cannot be read.
        """
        if self._pinned is not None:
            return self._pinned
        path = self.folder / "current.json"
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        return _read(path, status.st_mtime_ns, status.st_ino)

    def checksums(self) -> list[DayChecksum]:
        """The checksums of all rows of the table."""
        return [checksum for month in self.require().months.values() for checksum in month.checksums]

    def require(self) -> Manifest:
        """The current manifest.

        Raises:
            UnknownTableError: the table does not exist yet.
        """
        manifest = self.manifest()
        if manifest is None:
            raise UnknownTableError(
                f"Table {self.name} is not in the lake yet: run `-e ingest -P project={self.project}`."
            )
        return manifest

    def read(self, spark: "SparkSession") -> "DataFrame":
        """The current rows."""
        return spark.read.parquet(*map(spark_path, self.folders()))

    def folders(self, months: Container[str] | None = None) -> list[Path]:
        """The folders of the current rows, one per month; only of `months`, if given.

        Raises:
            BrokenFolderError: a file of a month is missing, changed or added.
        """
        current = self.require().months
        names = sorted(name for name, month in current.items() if month.rows_kept)
        return [self.checked_month(name, current[name]) for name in names if months is None or name in months]

    def checked_month(self, name: str, month: Month) -> Path:
        """The folder of a month's rows, after a check of its files.

        Raises:
            BrokenFolderError: a file is missing, changed or added.
        """
        folder = self.month(name, month.digest)
        check(folder, f"run `-e ingest -P project={self.project}`, which rebuilds the month", month.rows_kept)
        return folder

    def month(self, name: str, digest: str) -> Path:
        """Folder of a month's rows."""
        return self.folder / "months" / name / digest

    def batch(self, name: str) -> Path:
        """Folder of the rows of one ingest's files."""
        return self.folder / "staged" / name

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest; the folders that it names must be complete. Replaced folders stay for their readers."""
        content = asdict(manifest)
        content["mark"] = content.pop("declaration_digest")  # the keys of earlier releases
        for month in content["months"].values():
            month["marks"] = [list(checksum.values()) for checksum in month.pop("checksums")]
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        replace_text(self.folder / "current.json", text)

    def remove_outdated(self) -> None:
        """Remove the folders that the manifest does not name; no other process may be using the table."""
        manifest = self.manifest()
        if manifest is None:
            return
        named = {self.batch(file.batch) for file in manifest.files.values()}
        named |= {self.month(name, month.digest) for name, month in manifest.months.items()}
        for old in (*self.folder.glob("staged/*"), *self.folder.glob("months/*/*")):
            if old not in named:
                shutil.rmtree(old, ignore_errors=True)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int, _inode: int) -> Manifest:
    """The manifest; cached, for it is read often and is long if there are many batches."""
    try:
        content = json.loads(path.read_text())
        content["files"] = {
            name: IngestedFile(**{**file, "absent": tuple(file.get("absent", ()))})
            for name, file in content["files"].items()
        }
        content["months"] = {name: _month(**month) for name, month in content["months"].items()}
        content["declaration_digest"] = content.pop("mark")
        return Manifest(**content)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BrokenManifestError(
            f"The manifest {path} is cut or damaged: restore it from a backup; or, if the raw folder still has every "
            "file, remove it and run `-e ingest`, which reads all files again."
        ) from None


def _month(digest: str, contradictions: int, marks: Sequence[Sequence[Any]] = (), **_older: object) -> Month:
    """A month of a manifest. A month without marks is of an earlier release: the next ingest reads its table again."""
    return Month(digest, contradictions, tuple(DayChecksum(*day) for day in marks))

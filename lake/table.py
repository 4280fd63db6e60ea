"""A table of the lake: immutable Parquet folders, and one small file that says which are current.

A reader sees the old table or the new one, never half of one: a folder is complete before the file
that names it is replaced.

    staged/<batch>/           every row of the files taken together once, sound ones typed, others with a reason
    months/<month>/<digest>/  the rows that count, one per key, of the month they happened in
    current.json              which files, batches and months those are, and how many rows
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
    """The table has not been made yet."""


class BrokenManifestError(PrichalError):
    """The file that says what a table holds cannot be read."""


@dataclass(frozen=True)
class Coverage:
    """The days a table speaks of: from `start`, up to and not including `end`."""

    start: date
    end: date


@dataclass(frozen=True)
class Taken:
    """A file that was taken: its bytes' SHA-256, its batch and its place there, and what was in it.

    `months` holds how many sound rows happened in each month; `trimmed` rows had invisible characters around a key.
    """

    content: str
    batch: str
    place: int
    drop: str | None
    rows_in: int
    quarantined: int
    months: Mapping[str, int]
    trimmed: int = 0


@dataclass(frozen=True)
class Mark:
    """What the rows hold that happened on one day and became known on another: how many, and a sum of their hashes.

    Equal marks mean equal rows, so that what was made of them need not be made again.
    """

    day: str
    known: str
    rows: int
    content: int


@dataclass(frozen=True)
class Month:
    """A month's current folder: the rows that contradict each other, and the rows that count by day."""

    digest: str
    contradictions: int
    marks: tuple[Mark, ...] = ()

    @property
    def rows_kept(self) -> int:
        """Rows that count."""
        return sum(mark.rows for mark in self.marks)

    @property
    def days(self) -> list[str]:
        """The days with a row that counts, in order."""
        return sorted({mark.day for mark in self.marks})


@dataclass(frozen=True)
class Manifest:
    """What the table holds and what it was made from; rows in = rows kept + duplicates + quarantined.

    `mark` is the hash of the declaration that the files were read by: another one reads them all anew.
    """

    digest: str
    mark: str
    start: str
    end: str
    files: Mapping[str, Taken]
    months: Mapping[str, Month]

    @property
    def coverage(self) -> Coverage:
        """The days that the table speaks of."""
        return Coverage(date.fromisoformat(self.start), date.fromisoformat(self.end))

    @property
    def rows_in(self) -> int:
        """Rows of all files."""
        return sum(file.rows_in for file in self.files.values())

    @property
    def rows_kept(self) -> int:
        """Rows that count."""
        return sum(month.rows_kept for month in self.months.values())

    @property
    def quarantined(self) -> int:
        """Rows that cannot be used, contradictions among them."""
        return sum(file.quarantined for file in self.files.values()) + sum(
            month.contradictions for month in self.months.values()
        )

    @property
    def trimmed(self) -> int:
        """Rows with invisible characters around a key, which were removed."""
        return sum(file.trimmed for file in self.files.values())

    @property
    def duplicates(self) -> int:
        """Rows that another one with the same key stands for."""
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
        """Keep to what the table holds now, whatever an ingest replaces while this object is in use."""
        self._pinned = self.manifest()

    def manifest(self) -> Manifest | None:
        """What the table holds now; None before the first ingest.

        Raises:
            BrokenManifestError: `current.json` is cut or damaged.
        """
        if self._pinned is not None:
            return self._pinned
        path = self.folder / "current.json"
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        return _read(path, found.st_mtime_ns, found.st_ino)

    def marks(self) -> list[Mark]:
        """The marks of all rows that count."""
        return [mark for month in self.require().months.values() for mark in month.marks]

    def require(self) -> Manifest:
        """What the table holds now.

        Raises:
            UnknownTableError: nothing was ingested yet.
        """
        found = self.manifest()
        if found is None:
            raise UnknownTableError(
                f"Table {self.name} is not in the lake yet: run `-e ingest -P project={self.project}`."
            )
        return found

    def read(self, spark: "SparkSession") -> "DataFrame":
        """The current rows."""
        return spark.read.parquet(*map(spark_path, self.folders()))

    def folders(self, months: Container[str] | None = None) -> list[Path]:
        """The folders of the current rows, a month each; of these months only, or of all.

        Raises:
            BrokenFolderError: a month's files are not those that were written.
        """
        made = self.require().months
        wanted = sorted(name for name, one in made.items() if one.rows_kept and (months is None or name in months))
        return [self.checked_month(name, made[name]) for name in wanted]

    def checked_month(self, name: str, month: Month) -> Path:
        """Folder of a month's rows, whose files are as they were written.

        Raises:
            BrokenFolderError: they are not.
        """
        folder = self.month(name, month.digest)
        check(folder, f"run `-e ingest -P project={self.project}`, which makes the month anew", month.rows_kept)
        return folder

    def month(self, name: str, digest: str) -> Path:
        """Folder of a month's rows."""
        return self.folder / "months" / name / digest

    def batch(self, name: str) -> Path:
        """Folder of the rows of files taken together."""
        return self.folder / "staged" / name

    def publish(self, manifest: Manifest) -> None:
        """Make the complete folders that the manifest names the current ones; those they replace stay for readers."""
        content = asdict(manifest)
        for month in content["months"].values():
            month["marks"] = [list(mark.values()) for mark in month["marks"]]
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        replace_text(self.folder / "current.json", text)

    def remove_outdated(self) -> None:
        """Remove the folders that the table no longer names; nobody may be reading or writing it."""
        manifest = self.manifest()
        if manifest is None:
            return
        named = {self.batch(file.batch) for file in manifest.files.values()}
        named |= {self.month(name, one.digest) for name, one in manifest.months.items()}
        for old in (*self.folder.glob("staged/*"), *self.folder.glob("months/*/*")):
            if old not in named:
                shutil.rmtree(old, ignore_errors=True)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int, _inode: int) -> Manifest:
    """The manifest as it is; asked for many times, and long where there are many drops."""
    try:
        content = json.loads(path.read_text())
        content["files"] = {name: Taken(**one) for name, one in content["files"].items()}
        content["months"] = {name: _month(**one) for name, one in content["months"].items()}
        return Manifest(**content)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BrokenManifestError(
            f"{path}, which says what the table holds, is cut or damaged: bring it back from a backup; or, if the raw "
            "folder still has every file, remove it and run `-e ingest`, which then reads all of them anew."
        ) from None


def _month(digest: str, contradictions: int, marks: Sequence[Sequence[Any]] = (), **_older: object) -> Month:
    """A month as written; one of an older version has no marks, and its table is read anew by the next ingest."""
    return Month(digest, contradictions, tuple(Mark(*mark) for mark in marks))

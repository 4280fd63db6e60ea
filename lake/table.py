"""A table of the lake: immutable Parquet folders, and one small file that says which is current.

A reader sees the old table or the new one, never half of one: a folder is complete before the file
that names it is replaced.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from stack.errors import PrichalError
from stack.files import adopt, replace_text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class UnknownTableError(PrichalError):
    """The table has not been made yet."""


@dataclass(frozen=True)
class Coverage:
    """The days a table speaks of: from `start`, up to and not including `end`."""

    start: date
    end: date


@dataclass(frozen=True)
class Manifest:
    """What the current folder holds and what it was made from."""

    digest: str
    rows_in: int
    rows_kept: int
    duplicates: int
    quarantined: int
    start: str
    end: str
    files: dict[str, str]

    @property
    def coverage(self) -> Coverage:
        """The days that the table speaks of."""
        return Coverage(date.fromisoformat(self.start), date.fromisoformat(self.end))


class Table:
    """The lake's table of one source of one project."""

    def __init__(self, lake: Path, project: str, source: str) -> None:
        self.name = f"{project}.{source}"
        self.project = project
        self.folder = lake / project / "tables" / source
        self.quarantine = lake / project / "quarantine" / source

    def manifest(self) -> Manifest | None:
        """What the table holds now; None before the first ingest."""
        path = self.folder / "current.json"
        return Manifest(**json.loads(path.read_text())) if path.exists() else None

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
        return spark.read.parquet(str(self.folder / self.require().digest))

    def publish(self, partial: Path, manifest: Manifest) -> None:
        """Make the complete folder `partial` the current one and drop what it replaces."""
        complete = self.folder / manifest.digest
        adopt(partial, complete)
        replace_text(self.folder / "current.json", json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n")
        for old in self.folder.iterdir():
            if old.is_dir() and old != complete:
                shutil.rmtree(old, ignore_errors=True)

"""The feature log: a sample of the features behind each day's scores, kept for comparison with a backfill."""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd

from stack.folders.atomic import fresh_partial, publish_directory
from stack.folders.checked_folder import BrokenFolderError, check, seal

#: entities that are logged a day.
SAMPLE_ENTITIES = 1000
_REPAIR = "remove it, and the features of that day are not compared with a backfill; or score the day again"


class FeatureLog:
    """Logged features of a project, one folder a day; earlier releases wrote one Parquet file a day."""

    def __init__(self, lake: Path, project: str) -> None:
        self.folder = lake / project / "logged"

    def write(self, day: date, snapshot: Path, entity: str) -> int:
        """Log the features of a sample of the snapshot's entities: those with the smallest hashes, the same each day.

        Returns:
            Number of logged rows.
        """
        rows = pd.read_parquet(snapshot)
        hashes = pd.util.hash_pandas_object(rows[entity].astype(str), index=False)
        sample = rows.loc[hashes.sort_values(kind="stable").index[:SAMPLE_ENTITIES]]
        target = self.folder / day.isoformat()
        partial = fresh_partial(target)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        sample.to_parquet(partial / "rows.parquet", index=False)
        seal(partial)
        publish_directory(partial, target)
        self._older_file(day).unlink(missing_ok=True)
        return len(sample)

    def days(self) -> list[date]:
        """The logged days, in order."""
        return sorted({date.fromisoformat(path.stem) for path in self.folder.glob("????-??-??*") if _is_logged(path)})

    def read(self, day: date) -> pd.DataFrame:
        """The rows that were logged on a day.

        Raises:
            BrokenFolderError: its files changed after they were written.
        """
        older = self._older_file(day)
        if older.exists():
            return _read_older(older)
        folder = self.folder / day.isoformat()
        check(folder, _REPAIR)
        return pd.read_parquet(folder)

    def _older_file(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}.parquet"


def _is_logged(path: Path) -> bool:
    return path.name.endswith(".parquet") or (path.is_dir() and not path.suffix)


def _read_older(file: Path) -> pd.DataFrame:
    import pyarrow

    try:
        return pd.read_parquet(file)
    except pyarrow.ArrowInvalid:
        raise BrokenFolderError(f"{file} is no complete Parquet file: {_REPAIR}.") from None

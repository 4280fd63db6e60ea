"""The features that scores were made of: a sample of each scored day is kept, to be held against a backfill."""

from datetime import date
from pathlib import Path

import pandas as pd

from stack.files import fresh_partial

#: entities of a day that are kept.
SAMPLE = 1000


class Logged:
    """Logged features of a project, a Parquet file a day."""

    def __init__(self, lake: Path, project: str) -> None:
        self.folder = lake / project / "logged"

    def keep(self, day: date, snapshot: Path, entity: str) -> int:
        """Keep the features of a sample of the snapshot's entities: those of the smallest hashes, the same each day.

        Returns:
            How many.
        """
        rows = pd.read_parquet(snapshot)
        hashes = pd.util.hash_pandas_object(rows[entity].astype(str), index=False)
        sample = rows.loc[hashes.sort_values(kind="stable").index[:SAMPLE]]
        partial = fresh_partial(self._file(day))
        sample.to_parquet(partial, index=False)
        partial.replace(self._file(day))
        return len(sample)

    def days(self) -> list[date]:
        """The days that are kept."""
        return sorted(date.fromisoformat(file.stem) for file in self.folder.glob("*.parquet"))

    def read(self, day: date) -> pd.DataFrame:
        """What was kept of a day."""
        return pd.read_parquet(self._file(day))

    def _file(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}.parquet"

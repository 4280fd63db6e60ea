"""What every contender makes: 31 numbers per user out of the log, as known before one date."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

FIRST_DAY = date(2026, 1, 1)
WINDOWS = (7, 14, 30, 90, 180)
NUMBERS = ("count", "minutes_sum", "active_days", "finished_count", "minutes_mean", "finished_sum")
FINISHED = "play_finished"
#: the columns of every result next to `user_id`, named as the project names features.
NAMES = (*(f"events_{number}_{window}d" for window in WINDOWS for number in NUMBERS), "events_days_since_last")
THREADS = 2


@dataclass(frozen=True)
class Task:
    """The log and the date."""

    log: Path
    as_of: date

    @property
    def files(self) -> str:
        """A glob of the log's Parquet files."""
        return str(self.log / "*.parquet")

    def days_before(self, days: int) -> date:
        """The first day of a window that ends before the date."""
        return self.as_of - timedelta(days=days)

    def instant(self, days: int = 0) -> str:
        """The midnight in UTC at which the day so many days before the date begins, for SQL."""
        return f"{self.days_before(days)} 00:00:00+00"

    @property
    def microseconds(self) -> int:
        """The date's midnight in UTC as microseconds since 1970."""
        return int(datetime(self.as_of.year, self.as_of.month, self.as_of.day, tzinfo=UTC).timestamp()) * 1_000_000


@dataclass(frozen=True)
class Contender:
    """One way to do the task.

    Attributes:
        name: as it is printed.
        prepare: what is done once and not measured, such as opening a connection and declaring a view of the files.
        run: what is measured: from the files to the finished numbers of everybody.
        result: writes the numbers as one Parquet file or a folder of them, `user_id` and NAMES.
    """

    name: str
    prepare: Callable[[], object]
    run: Callable[[], object]
    result: Callable[[Path], object]

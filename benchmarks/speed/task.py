"""The task of every contender: 31 features per user from the log, as known before one date."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

FIRST_DAY = date(2026, 1, 1)
WINDOWS = (7, 14, 30, 90, 180)
NUMBERS = ("count", "minutes_sum", "active_days", "finished_count", "minutes_mean", "finished_sum")
FINISHED = "play_finished"
#: the columns of every result besides `user_id`, named like features of this project.
NAMES = (*(f"events_{number}_{window}d" for window in WINDOWS for number in NUMBERS), "events_days_since_last")
THREADS = 2


@dataclass(frozen=True)
class Task:
    """The log and the date of the features."""

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
        """UTC midnight of the day that lies `days` days before the date, as an SQL literal."""
        return f"{self.days_before(days)} 00:00:00+00"

    @property
    def microseconds(self) -> int:
        """The date's midnight in UTC as microseconds since 1970."""
        return int(datetime(self.as_of.year, self.as_of.month, self.as_of.day, tzinfo=UTC).timestamp()) * 1_000_000


@dataclass(frozen=True)
class Contender:
    """One way to do the task.

    Attributes:
        name: the printed name.
        prepare: runs once and is not timed, such as opening a connection and declaring a view of the files.
        run: is timed: from the files to the features of all users.
        result: writes `user_id` and NAMES as one Parquet file or a folder of Parquet files.
    """

    name: str
    prepare: Callable[[], object]
    run: Callable[[], object]
    result: Callable[[Path], object]

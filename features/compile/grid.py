"""The dates that snapshots are asked for, and how the data's days and moments relate to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from features.compile.time_sql import (
    WORD,
    day_number,
    decide,
    grid,
    number_of,
)
from lake import Source
from lake.column import ColumnType

#: how far ahead of the last date a moment may lie: the end of a card or of a promotion.
AHEAD = timedelta(days=3660)


@dataclass(frozen=True)
class Grid:
    """Snapshot dates.

    Attributes:
        dates: ascending, each once.
        since: the first day of the data: nothing in any source happened before it.
        time_zone: in which days begin.
    """

    dates: tuple[date, ...]
    since: date
    time_zone: str = "UTC"

    @classmethod
    def of(cls, dates: Iterable[date], since: date, time_zone: str = "UTC") -> "Grid":
        """A grid of dates in any order."""
        return cls(tuple(sorted(set(dates))), since, time_zone)

    @property
    def numbers(self) -> list[int]:
        """The dates as days since 1970-01-01."""
        return [day_number(day) for day in self.dates]

    @property
    def sql(self) -> str:
        """The common table expression `grid`."""
        return grid(self.dates)

    @property
    def words(self) -> int:
        """How many words of days the whole past of the last date has."""
        return max(1, (self.numbers[-1] - 1) // WORD - day_number(self.since) // WORD + 1)

    def number(self, time: str, kind: ColumnType) -> str:
        """SQL of the day number of a date or moment."""
        return number_of(time, kind, self.time_zone, self.since, self.dates[-1] + AHEAD)

    def day(self, source: Source) -> str:
        """SQL of the day number on which a row of the source's view happened."""
        return self.number(source.event_time, source.kind(source.event_time) or "date")

    def known_day(self, source: Source) -> str:
        """SQL of the day number on which a row of the source's view was known."""
        if source.identity is not None:
            return self.number("_known", "timestamp")
        lag = f" + {source.known_lag_days}" if source.known_lag_days else ""
        time = source.known_time or source.event_time
        return self.number(time, source.kind(time) or "date") + lag

    def start(self, windows: Iterable[int], by_word: bool, of: str = "day") -> str:
        """SQL of the first day of the span that the day `of` lies in.

        A span lies wholly within or wholly without every window of every date, and with `by_word` in one word.
        """
        bounds = {number - window for number in self.numbers for window in (0, *windows)}
        lowest = day_number(self.since)
        if by_word:
            lowest -= lowest % WORD
            bounds |= set(range(lowest, self.numbers[-1], WORD))
        cuts = sorted(bound for bound in bounds if lowest < bound < self.numbers[-1])
        return decide(of, cuts, [str(start) for start in (lowest, *cuts)])

    def seen(self) -> str:
        """SQL of the first date at which a row counts: later than the day it happened and the day it was known."""
        numbers = self.numbers
        return decide("greatest(day, known_day)", numbers[:-1], [str(number) for number in numbers])

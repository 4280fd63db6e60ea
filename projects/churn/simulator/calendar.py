"""Time of the service: Moscow, whose clock is three hours ahead of UTC all year.

A moment is an integer: seconds since 1970-01-01 00:00 on the Moscow clock, so that days begin at multiples of `DAY`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from projects.churn.simulator.columns import Floats, Ints

HOUR = 3_600
DAY = 24 * HOUR
WEEK = 7 * DAY
MOSCOW = 3 * HOUR

LAST_DAY = date(2026, 10, 1)
#: days before the end from which exports come daily.
DAILY = 30
#: what happened in the year before the window is the stock of subscribers it begins with.
STOCK = 365 * DAY

PRICE_RISE = date(2026, 2, 1)
OUTAGE = (date(2026, 1, 20), date(2026, 1, 23))

#: viewing and signing up by month: low in summer, high at New Year.
YEAR = np.array([1.25, 1.10, 1.02, 0.98, 0.90, 0.80, 0.76, 0.80, 0.94, 1.03, 1.10, 1.22])
#: from Monday to Sunday.
WEEKDAYS = np.array([0.82, 0.80, 0.83, 0.88, 1.12, 1.32, 1.23])


def moment(day: date) -> int:
    """The day's 00:00."""
    return (day - date(1970, 1, 1)).days * DAY


def month(moments: Ints) -> Ints:
    """Month of the year, 0 for January."""
    return (moments // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def season(moments: Ints) -> Floats:
    """How much is watched at that time of the year, 1 on average."""
    return np.asarray(YEAR[month(moments)] / YEAR.mean(), dtype=np.float64)


def months_before(day: date, months: int) -> date:
    """The first of the month that many months earlier."""
    whole = day.year * 12 + day.month - 1 - months
    return date(whole // 12, whole % 12 + 1, 1)


@dataclass(frozen=True)
class Window:
    """What is exported: `months` whole months up to the last day."""

    months: int

    @property
    def first_day(self) -> date:
        """The day the window begins with."""
        return months_before(LAST_DAY, self.months)

    @property
    def start(self) -> int:
        """First moment of the window."""
        return moment(self.first_day)

    @property
    def end(self) -> int:
        """First moment after the window."""
        return moment(LAST_DAY)

    @property
    def origin(self) -> int:
        """First moment of the simulation, a Monday."""
        # 1970-01-01 was a Thursday.
        return (self.start - STOCK - 8 * WEEK + 3 * DAY) // WEEK * WEEK - 3 * DAY

    @property
    def weeks(self) -> int:
        """Weeks from the origin to the end, with some to spare."""
        return (self.end - self.origin) // WEEK + 8

    def week(self, moments: Ints) -> Ints:
        """Number of the week, counted from the origin."""
        return np.clip((moments - self.origin) // WEEK, 0, self.weeks - 1)

    @property
    def firsts(self) -> tuple[date, ...]:
        """Firsts of a month after the first day, up to and with the last day."""
        return tuple(months_before(LAST_DAY, back) for back in range(self.months - 1, -1, -1))

    @property
    def drops(self) -> tuple[date, ...]:
        """Days of the exports: monthly for the past, daily in the end."""
        monthly = self.firsts[:-1] if self.months > 1 else ()
        daily = tuple(LAST_DAY - timedelta(days=back) for back in range(DAILY - 1, -1, -1))
        return (*monthly, *daily)

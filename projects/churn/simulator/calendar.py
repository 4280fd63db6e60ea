"""Time of the simulation, on the Moscow clock, which is three hours ahead of UTC all year.

A moment is an integer: seconds since 1970-01-01 00:00 on the Moscow clock, so that days begin at multiples of `DAY`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from projects.churn.simulator.columns import Floats, Ints

HOUR = 3_600
DAY = 24 * HOUR
WEEK = 7 * DAY
MOSCOW_OFFSET = 3 * HOUR

LAST_DAY = date(2026, 10, 1)
#: number of daily batches at the end; earlier batches are monthly.
DAILY_BATCHES = 30
#: the simulation starts a year before the window, so that the window begins with existing subscribers.
HISTORY_SECONDS = 365 * DAY

PRICE_RISE = date(2026, 2, 1)
OUTAGE = (date(2026, 1, 20), date(2026, 1, 23))

#: factor on viewing and on sign-ups for each month, January first: low in summer, high at New Year.
MONTH_FACTORS = np.array([1.25, 1.10, 1.02, 0.98, 0.90, 0.80, 0.76, 0.80, 0.94, 1.03, 1.10, 1.22])
#: factor on activity for each day of the week, Monday first.
WEEKDAY_FACTORS = np.array([0.82, 0.80, 0.83, 0.88, 1.12, 1.32, 1.23])


def moment(day: date) -> int:
    """The moment at which a day begins."""
    return (day - date(1970, 1, 1)).days * DAY


def month_index(moments: Ints) -> Ints:
    """Month of the year of each moment, 0 for January."""
    return (moments // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def season_factor(moments: Ints) -> Floats:
    """Factor on viewing at each moment's time of the year, 1 on average over the months."""
    return np.asarray(MONTH_FACTORS[month_index(moments)] / MONTH_FACTORS.mean(), dtype=np.float64)


def months_before(day: date, months: int) -> date:
    """The first day of the month that lies `months` months before the month of `day`."""
    whole = day.year * 12 + day.month - 1 - months
    return date(whole // 12, whole % 12 + 1, 1)


@dataclass(frozen=True)
class SimulationWindow:
    """The exported time: `months` whole months that end with `LAST_DAY`."""

    months: int

    @property
    def first_day(self) -> date:
        """First day of the window."""
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
        """First moment of the simulation, a Monday 00:00."""
        # 1970-01-01 was a Thursday.
        return (self.start - HISTORY_SECONDS - 8 * WEEK + 3 * DAY) // WEEK * WEEK - 3 * DAY

    @property
    def weeks(self) -> int:
        """Number of simulated weeks: from the origin to some weeks after the end."""
        return (self.end - self.origin) // WEEK + 8

    def week(self, moments: Ints) -> Ints:
        """Number of the week of each moment, 0 for the week of the origin."""
        return np.clip((moments - self.origin) // WEEK, 0, self.weeks - 1)

    @property
    def firsts(self) -> tuple[date, ...]:
        """First days of the months after the window's first day, `LAST_DAY` included."""
        return tuple(months_before(LAST_DAY, back) for back in range(self.months - 1, -1, -1))

    @property
    def batches(self) -> tuple[date, ...]:
        """Days of the export batches: monthly at first, daily at the end."""
        monthly = self.firsts[:-1] if self.months > 1 else ()
        daily = tuple(LAST_DAY - timedelta(days=back) for back in range(DAILY_BATCHES - 1, -1, -1))
        return (*monthly, *daily)

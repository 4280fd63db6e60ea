"""The planted facts: seasons, shares of categories and cities, and anomalies."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Frame = dict[str, npt.NDArray[Any]]

#: the simulated log ends before this day.
END = date(2026, 1, 1)
#: category -> share of visits of people without a child, share of visits of parents, median price in rubles.
CATEGORIES = {
    "children's goods": (0.22, 0.52, 2400.0),
    "clothing": (0.20, 0.13, 2600.0),
    "home": (0.15, 0.09, 2100.0),
    "beauty": (0.13, 0.08, 1200.0),
    "groceries": (0.11, 0.08, 900.0),
    "electronics": (0.07, 0.04, 6000.0),
    "sports": (0.07, 0.04, 2500.0),
    "books": (0.05, 0.02, 600.0),
}
#: city -> weight. The last is in no list of coordinates.
CITIES = {
    "Moscow": 26, "Saint Petersburg": 12, "Novosibirsk": 6, "Yekaterinburg": 6, "Kazan": 5, "Nizhny Novgorod": 5,
    "Chelyabinsk": 4, "Krasnoyarsk": 4, "Samara": 4, "Ufa": 4, "Rostov-on-Don": 4, "Krasnodar": 4, "Voronezh": 3,
    "Perm": 3, "Vladivostok": 2, "Irkutsk": 2, "Kaliningrad": 1, "Sosnovka": 1,
}  # fmt: skip
#: month of the year -> factor of the probability to buy; it moves revenue per visitor (ARPU).
BUYING_SEASON = (0.85, 0.80, 0.95, 0.90, 0.90, 0.85, 0.85, 1.05, 1.05, 1.00, 1.20, 1.45)
#: month of the year -> factor of prices paid; it moves revenue per buyer (ARPPU).
PRICE_SEASON = (0.90, 0.90, 1.00, 0.95, 0.95, 0.90, 0.95, 1.35, 1.15, 1.00, 1.05, 1.15)
#: factors of visits by weekday, Monday first, and by hour of the day.
WEEKDAYS = (1.00, 0.97, 0.96, 0.98, 1.02, 1.12, 1.08)
HOURS = (1.2, 0.7, 0.4, 0.3, 0.3, 0.4, 0.8, 1.6, 2.6, 3.6, 4.4, 5.0, 5.4, 5.2, 5.0, 4.9, 5.0, 5.4, 6.0, 6.8, 7.4, 7.2,
         5.4, 2.8)  # fmt: skip

DAY_FACTOR, DAYS_A_YEAR = 3.5, 4
CATEGORY_FACTOR = 4.0
HOUR_FACTOR = 12.0
USUAL_DOUBLE_SHARE, HIGH_DOUBLE_SHARE = 0.002, 0.04


@dataclass(frozen=True)
class Plan:
    """The planted facts of a simulated shop.

    Attributes:
        months: first day of each month.
        days: days with `DAY_FACTOR` times the usual visits.
        category_month, category: month in which the category has `CATEGORY_FACTOR` times the usual odds of a visit.
        hour_month, hour: month in which the hour has `HOUR_FACTOR` times the usual visits.
        double_month: month in which `HIGH_DOUBLE_SHARE` of the events are sent twice.
    """

    months: tuple[date, ...]
    days: tuple[date, ...] = ()
    category_month: date | None = None
    category: str = ""
    hour_month: date | None = None
    hour: int = 0
    double_month: date | None = None

    def double_share(self, month: date) -> float:
        """The share of a month's events that are sent twice."""
        return HIGH_DOUBLE_SHARE if month == self.double_month else USUAL_DOUBLE_SHARE


def generator(seed: int, name: str) -> np.random.Generator:
    """Random numbers of one purpose: a change of one purpose changes no other draws."""
    return np.random.default_rng([seed, crc32(name.encode())])


def make_plan(months: int, seed: int, quiet: bool) -> Plan:
    """The planted facts of `months` months before `END`; a quiet shop has seasons, but no anomalies."""
    number = END.year * 12 + END.month - 1 - months
    firsts = tuple(date((number + step) // 12, (number + step) % 12 + 1, 1) for step in range(months))
    if quiet:
        return Plan(firsts)
    rng = generator(seed, "plan")
    length = (END - firsts[0]).days
    count = max(1, round(DAYS_A_YEAR * length / 365))
    # Planted days are apart, so that one is not the usual value of another.
    starts = np.linspace(30, length - 30, count, endpoint=False)
    days = tuple(firsts[0] + timedelta(int(start + rng.integers(0, 30))) for start in starts)
    chosen = [firsts[index] for index in rng.choice(np.arange(months), size=3, replace=False)]
    return Plan(
        firsts, tuple(day for day in days if day < END), chosen[0], "sports", chosen[1], 4, double_month=chosen[2]
    )


def season(factors: tuple[float, ...], moments: npt.NDArray[np.datetime64]) -> Floats:
    """The factor at each moment, interpolated between the middles of months: a season has no steps."""
    day_of_year = (moments.astype("datetime64[D]") - moments.astype("datetime64[Y]")).astype(np.float64)
    middles = (np.arange(12) + 0.5) * 365.25 / 12
    return np.asarray(np.interp(day_of_year, middles, factors, period=365.25), dtype=np.float64)

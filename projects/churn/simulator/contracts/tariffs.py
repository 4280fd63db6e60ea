"""Prices of the plans, and the lengths of periods and trials."""

import numpy as np

from projects.churn.simulator.calendar import DAY, PRICE_RISE, moment
from projects.churn.simulator.columns import Floats, Ints

PLANS = {1: "standard_1m", 3: "standard_3m", 12: "standard_12m"}
PRICES = {1: 399.0, 3: 1077.0, 12: 3590.0}
DAYS = {1: 30, 3: 90, 12: 365}
RISE = 1.20
PROMO = 0.5
TRIAL_DAYS = np.array([7, 14, 30])
#: a purchase up to this long after an opt-in trial still belongs to it; a gap up to this long is not churn.
GRACE_PERIOD = 2 * DAY


def _of_months(table: dict[int, float] | dict[int, int], months: Ints) -> Floats:
    return np.select([months == key for key in table], [float(value) for value in table.values()])


def duration(months: Ints) -> Ints:
    """Seconds of a paid period of each plan; `months` is the length of the plan."""
    return _of_months(DAYS, months).astype(np.int64) * DAY


def price(months: Ints, at: Ints, promo_until: Ints) -> Floats:
    """Price in rubles of a period that begins at the moment `at`; before `promo_until` the promotion holds."""
    full = _of_months(PRICES, months) * np.where(at >= moment(PRICE_RISE), RISE, 1.0)
    return np.asarray(np.round(full * np.where(at < promo_until, PROMO, 1.0), 2), dtype=np.float64)

"""Features of a customer, from the purchases before the date."""

from features import ALL, Feature

SILENCE = "Has not bought for a while"
HABIT = "Buys rarely"
FADING = "Buys less than before"
SPEND = "Small purchases so far"
TENURE = "How long a customer"

NO_PURCHASE = "never null: where nothing was bought it is 0"
ONE_DAY = "bought on one day only, so there is no interval yet"


def _feature(
    aggregation: str, unit: str, reason: str, description: str, null: str = NO_PURCHASE, **rest: object
) -> Feature:
    return Feature("purchases", aggregation, unit, null, reason, description, **rest)  # type: ignore[arg-type]


FEATURES = (
    _feature("days_since_last", "days", SILENCE, "days since the last purchase"),
    _feature("overdue", "intervals", SILENCE, "time since the last purchase, in usual intervals", ONE_DAY),
    _feature("days_since_first", "days", TENURE, "days since the first purchase"),
    _feature("active_days", "days", FADING, "days with a purchase in the last 30", window=30),
    _feature("active_days", "days", FADING, "days with a purchase in the last 90", window=90),
    _feature("active_days", "days", FADING, "days with a purchase in the last 180", window=180),
    _feature("active_days", "days", HABIT, "days with a purchase in the last 365", window=365),
    _feature("active_days", "days", HABIT, "days with a purchase in all", window=ALL),
    _feature("count", "purchases", HABIT, "purchases in all", window=ALL),
    _feature("interval_mean", "days", HABIT, "days between purchases on average", ONE_DAY, window=ALL),
    _feature("sum", "dollars", SPEND, "dollars spent in the last 30 days", measure="value", window=30),
    _feature("sum", "dollars", SPEND, "dollars spent in the last 180 days", measure="value", window=180),
    _feature("sum", "dollars", SPEND, "dollars spent in the last 365 days", measure="value", window=365),
    _feature("sum", "dollars", SPEND, "dollars spent in all", measure="value", window=ALL),
    _feature("mean", "dollars", SPEND, "dollars per purchase on average", measure="value", window=ALL),
    _feature("max", "dollars", SPEND, "dollars for the dearest purchase", measure="value", window=ALL),
    _feature("last", "dollars", SPEND, "dollars for the last purchase", measure="value", window=ALL),
    _feature("sum", "discs", SPEND, "discs bought in all", measure="n_cds", window=ALL),
)

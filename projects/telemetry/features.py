"""Features of a visitor, from the events before the date."""

from features import ALL, Feature

SILENCE = "Has not visited for a while"
HABIT = "Visits rarely"
FADING = "Visits less than before"
SPEND = "Small purchases so far"
TENURE = "How long a visitor"

NO_EVENT = "never null: without an event it is 0"
NO_PURCHASE = "bought nothing in the window"


def _feature(
    aggregation: str, unit: str, reason: str, description: str, null: str = NO_EVENT, **rest: object
) -> Feature:
    return Feature("events", aggregation, unit, null, reason, description, **rest)  # type: ignore[arg-type]


FEATURES = (
    _feature("days_since_last", "days", SILENCE, "days since the last event"),
    _feature("days_since_first", "days", TENURE, "days since the first event"),
    _feature("overdue", "intervals", SILENCE, "time since the last event, in usual intervals",
             "visited on one day only, so there is no interval yet"),
    _feature("active_days", "days", FADING, "days with an event in the last 30", window=30),
    _feature("active_days", "days", FADING, "days with an event in the last 90", window=90),
    _feature("active_days", "days", HABIT, "days with an event in all", window=ALL),
    _feature("count", "events", FADING, "events in the last 30 days", window=30),
    _feature("count", "events", HABIT, "events in all", window=ALL),
    _feature("sum", "purchases", SPEND, "purchases in the last 90 days", measure="action_purchase", window=90),
    _feature("sum", "rubles", SPEND, "rubles paid in the last 90 days", NO_PURCHASE, measure="value", window=90),
    _feature("sum", "rubles", SPEND, "rubles paid in all", NO_PURCHASE, measure="value", window=ALL),
)  # fmt: skip

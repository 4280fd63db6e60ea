"""The task as the platform's own declarations: one source and 31 features, named as every other contender's."""

from benchmarks.speed.task import FINISHED, WINDOWS
from features import Feature
from lake import Column, Source

EVENTS = Source(
    name="events",
    files="events-*.parquet",
    format="parquet",
    entity="user_id",
    event_time="at",
    known_time="known",
    columns=(
        Column("user_id", "bigint", "the user"),
        Column("at", "timestamp", "when it happened"),
        Column("known", "timestamp", "when it reached us"),
        Column("minutes", "double", "how long it took", lowest=0),
        Column("kind", "string", "what was done"),
    ),
)

NEVER = "never null: none is 0"
REASON = "How the service is used"
WHERE, WHAT = f"kind = '{FINISHED}'", "finished"


def _window(days: int) -> tuple[Feature, ...]:
    """The six numbers of one window."""
    last = f"in the last {days} days"
    return (
        Feature("events", "count", "events", NEVER, REASON, f"events {last}", window=days),
        Feature("events", "sum", "minutes", NEVER, REASON, f"minutes {last}", measure="minutes", window=days),
        Feature("events", "active_days", "days", NEVER, REASON, f"days with an event {last}", window=days),
        Feature("events", "count", "plays", NEVER, REASON, f"plays finished {last}", window=days,
                where=WHERE, what=WHAT),
        Feature("events", "mean", "minutes", "no event in that time", REASON, f"minutes of an event {last}",
                measure="minutes", window=days),
        Feature("events", "sum", "minutes", NEVER, REASON, f"minutes of finished plays {last}",
                measure="minutes", window=days, where=WHERE, what=WHAT),
    )  # fmt: skip


FEATURES = (
    *(feature for days in WINDOWS for feature in _window(days)),
    Feature("events", "days_since_last", "days", "never null", REASON, "days since the last event"),
)

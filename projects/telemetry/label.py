"""The population that is scored, and the definition of churn."""

from features import NoEvent, Population

ACTIVE = Population(
    name="active",
    where="events_days_since_last <= 30",
    model="telemetry_churn",
    description="visitors of the shop in the last 30 days",
    label=NoEvent(source="events", horizon_days=60),
)

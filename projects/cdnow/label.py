"""The population that is scored, and the definition of churn."""

from features import NoEvent, Population

ACTIVE = Population(
    name="active",
    where="purchases_days_since_last <= 180",
    model="cdnow_churn",
    description="customers who bought in the last 180 days",
    label=NoEvent(source="purchases", horizon_days=90),
)

"""Who is scored, and what counts as leaving."""

from features import NoEvent, Population

ACTIVE = Population(
    name="active",
    where="purchases_days_since_last <= 180",
    model="cdnow_churn",
    description="customers who bought in the last 180 days",
    label=NoEvent(source="purchases", horizon_days=90),
)

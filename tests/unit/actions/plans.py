"""A small shop with an action plan, for the tests of actions."""

from dataclasses import replace
from typing import Any

from actions.declare.action import Action, Channel, Offer
from actions.declare.plan import ActionPlan, AssignmentHistory, ControlGroups, ReactionHistory
from features import Feature, NoEvent, Population, SnapshotSpec
from lake import Column, Source

WHO = Column("user_id", "string", "the customer")
VISITS = Source(
    name="visits",
    files="*/visits.csv",
    entity="user_id",
    event_time="seen_at",
    columns=(
        WHO,
        Column("seen_at", "date", "when"),
        Column("accepts_email", "bigint", "1 if e-mail may be sent"),
        Column("accepts_sms", "bigint", "1 if SMS may be sent"),
    ),
)
OFFERED = Source(
    name="offered",
    files="*/offered.csv",
    entity="user_id",
    event_time="assigned_at",
    sparse=True,
    columns=(
        WHO,
        Column("assigned_at", "timestamp", "when"),
        Column("campaign_id", "string", "the campaign"),
        Column("channel", "string", "by what", nullable=True),
        Column("offer", "string", "with what", nullable=True),
        Column("contacts", "bigint", "how many"),
        Column("arm", "string", "the group", values=("treatment", "control")),
        Column("probability", "double", "of the assigned arm", nullable=True),
    ),
)
SENT = Source(
    name="sent",
    files="*/sent.csv",
    entity="user_id",
    event_time="happened_at",
    sparse=True,
    columns=(
        WHO,
        Column("happened_at", "timestamp", "when"),
        Column("campaign_id", "string", "the campaign"),
        Column("channel", "string", "by what"),
        Column("action", "string", "what happened", values=("send", "open", "click", "unsubscribe", "refuse")),
    ),
)


def _last(measure: str) -> Feature:
    return Feature("visits", "last", "1 yes, 0 no", "no visit", "Consent", f"{measure} at the last visit",
                   measure=measure)  # fmt: skip


FEATURES = (
    Feature("visits", "count", "visits", "never null", "Comes rarely", "visits in the last 90 days", window=90),
    _last("accepts_email"),
    _last("accepts_sms"),
)
ACTIVE = Population(
    name="active",
    where="visits_count_90d >= 1",
    model="shop_churn",
    description="customers who came in the last 90 days",
    label=NoEvent("visits", horizon_days=30),
)
SPEC = SnapshotSpec("shop", "user_id", (VISITS, OFFERED, SENT), FEATURES, (ACTIVE,), time_zone="Europe/Moscow")

PLAN = ActionPlan(
    channels=(
        Channel(name="email", cost=1, where="visits_accepts_email_last_all = 1"),
        Channel(name="sms", cost=4, where="visits_accepts_sms_last_all = 1", daily_capacity=1_000, frequency_cap=2),
    ),
    offers=(Offer(name="none", cost=0), Offer(name="discount", cost=20)),
    actions=(
        Action(channel="email", offer="none"),
        Action(channel="email", offer="discount", contacts=2),
        Action(channel="sms", offer="discount"),
    ),
    value=1_000,
    currency="rubles",
    basis="assumed",
    daily_budget=5_000,
    control=ControlGroups(salt="shop", global_share=0.05, campaign_share=0.2, exploration_share=0.3),
    populations=("active",),
    assignments=AssignmentHistory(source="offered"),
    reactions=ReactionHistory(source="sent"),
)


def plan(**changes: Any) -> ActionPlan:
    """The plan with some fields replaced."""
    return replace(PLAN, **changes)

"""What the cinema may do to keep a subscriber: channels, offers, actions, control groups and costs."""

from datetime import time

from actions.declare.action import Action, Channel, Offer
from actions.declare.plan import ActionPlan, AssignmentHistory, ControlGroups, ReactionHistory
from projects.churn.evaluation import COSTS, SLICES

#: share of the people with an offer of money who use it, and the price of a month.
ACCEPTANCE, MONTH = COSTS.acceptance, 399

CHANNELS = (
    Channel(
        name="email",
        cost=COSTS.contact,
        where="profiles_accepts_email_last_all = 1",
        daily_capacity=20_000,
        quiet_hours=(time(22), time(8)),
    ),
    Channel(
        name="push",
        cost=0.1,
        where="profiles_accepts_push_last_all = 1",
        daily_capacity=20_000,
        quiet_hours=(time(22), time(9)),
    ),
    Channel(
        name="sms",
        cost=4,
        where="profiles_accepts_sms_last_all = 1",
        daily_capacity=2_000,
        frequency_cap=2,
        quiet_hours=(time(21), time(10)),
    ),
)

OFFERS = (
    Offer(name="none", cost=0),
    Offer(name="discount_20", cost=COSTS.offer * ACCEPTANCE),
    Offer(name="free_month", cost=MONTH * ACCEPTANCE, daily_capacity=500),
    Offer(name="new_title", cost=0),
)

#: the actions of past campaigns: nobody knows the effect of another one.
ACTIONS = (
    Action(channel="email", offer="none"),
    Action(channel="push", offer="none"),
    Action(channel="push", offer="new_title"),
    Action(channel="sms", offer="discount_20"),
    Action(channel="email", offer="discount_20", contacts=2),
    Action(channel="push", offer="free_month", contacts=2),
    Action(channel="email", offer="new_title", contacts=3),
)

PLAN = ActionPlan(
    channels=CHANNELS,
    offers=OFFERS,
    actions=ACTIONS,
    value=COSTS.value,
    currency=COSTS.currency,
    basis=COSTS.basis,
    daily_budget=60_000,
    control=ControlGroups(salt="cinema 2026"),
    # Past campaigns contacted paying subscribers only.
    populations=("paid",),
    # Access that ends later than the label looks ahead cannot end within it.
    where="contract_days_to_end <= 30",
    # The label looks 30 days ahead and waits 2 more.
    rest_days=32,
    assignments=AssignmentHistory(source="contacts"),
    reactions=ReactionHistory(source="messages"),
    segments=tuple(cell for cell in SLICES if cell.name in {"plan", "tenure", "payment"}),
)

"""The slices in which a model is evaluated, and the costs of a campaign."""

from training import Costs, Slice

SLICES = (
    Slice("plan", "subscriptions_period_months_last_all", (3, 12), ("a month", "three months", "a year")),
    Slice("tenure", "contract_tenure_days", (30, 90, 365), null="on trial"),
    Slice(
        "age of the trial",
        "contract_trial_age",
        (2, 4, 8, 15),
        ("day 1", "days 2 to 3", "days 4 to 7", "days 8 to 14", "days 15 to 30"),
        null="paid",
    ),
    Slice("device", "viewing_tv_share_30d", (0.5,), ("other screens", "mostly TV"), null="nothing played"),
    Slice("region", "profiles_in_a_capital_state", (1,), ("elsewhere", "Moscow or Saint Petersburg")),
    Slice("payment", "payments_by_card_state", (1,), ("other means", "card"), null="nothing charged yet"),
)

#: assumed, as no campaign was measured: a fifth off three months of 399 rubles, against the margin of half a year.
COSTS = Costs(
    contact=1,
    offer=240,
    value=1200,
    acceptance=0.25,
    currency="rubles",
    basis="assumed by the project, not measured",
)

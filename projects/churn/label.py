"""The contract, the populations by its state, and the definition of churn."""

from features import AccessEnds, Contract, NoFirstCharge, Population

CONTRACT = Contract(
    payments="payments",
    succeeded="status = 'succeeded'",
    period_start="period_start",
    period_end="period_end",
    trials="subscriptions",
    trial_started="event_type = 'trial_started'",
    trial_end="trial_until",
    auto_charging="trial_kind = 'auto'",
    promo_end="promo_until",
    switches="auto_renew",
    auto_renew="auto_renew",
    by_user="switched_by = 'user'",
    grace_days=7,
    joined_days=2,
)

TRIAL = Population(
    name="trial",
    where="contract_state = 'trial'",
    model="churn_trial",
    description="subscribers on trial who have not paid since it began",
    label=NoFirstCharge(CONTRACT, horizon_days=30, grace_days=2),
    every_days=7,
)

PAID = Population(
    name="paid",
    where="contract_state = 'paid'",
    model="churn_paid",
    description="subscribers within a period they have paid for",
    label=AccessEnds(CONTRACT, horizon_days=30, grace_days=2),
)

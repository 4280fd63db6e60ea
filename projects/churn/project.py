"""The project: its declarations put together for the entry points."""

from datetime import date

from projects.churn.actions import PLAN
from projects.churn.evaluation import COSTS, SLICES
from projects.churn.features import FEATURES
from projects.churn.label import CONTRACT, PAID, TRIAL
from projects.churn.simulator import simulate
from projects.churn.sources import SOURCES
from projects.project import Project
from registry import Policy, UpliftBounds
from serving import Mart
from training import TrainingPlan

PROJECT = Project(
    name="churn",
    description="Which trial and paid subscribers of an online cinema will leave in the next 30 days.",
    entity="user_id",
    raw=None,
    sources=SOURCES,
    features=FEATURES,
    populations=(TRIAL, PAID),
    # The log begins in April 2025; from August on it covers the 90 days that features look back.
    first_snapshot=date(2025, 8, 1),
    training=TrainingPlan(
        recency="viewing_days_since_last",
        out_of_time=3,
        folds=2,
        calibration=2,
        trials=4,
        slices=SLICES,
        costs=COSTS,
        contacts=("contacts_count_30d", "contacts_count_90d"),
    ),
    # A few hundred trials give a wider interval than thousands of subscribers: a wider margin (`make bench-gate`).
    # SMS is accepted by few: its arm has fewer than 200 judged rows.
    policy=Policy(margins={"churn_trial": 0.012}, uplift=UpliftBounds(fewest_rows_per_arm=150)),
    mart=Mart(table="churn_scores", entity="user_id", entity_type="text"),
    time_zone="Europe/Moscow",
    contract=CONTRACT,
    simulate=simulate,
    actions=PLAN,
)

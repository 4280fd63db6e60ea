"""The project: its declarations put together for the entry points."""

from datetime import date
from pathlib import Path

from projects.cdnow.features import FEATURES
from projects.cdnow.label import ACTIVE
from projects.cdnow.sources import PURCHASES
from projects.project import Project
from registry import Policy
from serving import Mart
from training import Costs, Slice, TrainingPlan

PROJECT = Project(
    name="cdnow",
    description="Which customers of a record shop will not buy in the next 90 days.",
    entity="customer_id",
    raw=Path(__file__).parent / "data",
    sources=(PURCHASES,),
    features=FEATURES,
    populations=(ACTIVE,),
    # Customers joined until the end of March 1997; a month later everyone has some history.
    first_snapshot=date(1997, 5, 1),
    training=TrainingPlan(
        recency="purchases_days_since_last",
        slices=(
            Slice("tenure", "purchases_days_since_first", (180, 365)),
            Slice("purchases", "purchases_count_all", (3, 5)),
        ),
        # Assumed for a shop of that time: a mailed card, a discount of three dollars, the margin of later purchases.
        costs=Costs(
            contact=0.5,
            offer=3,
            value=25,
            acceptance=0.15,
            currency="dollars",
            basis="assumed by the project, not measured",
        ),
    ),
    policy=Policy(),
    mart=Mart(table="cdnow_scores", entity="customer_id"),
)

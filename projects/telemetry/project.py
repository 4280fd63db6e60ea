"""The project: its declarations put together for the entry points."""

from datetime import date

from projects.project import Project
from projects.telemetry.features import FEATURES
from projects.telemetry.label import ACTIVE
from projects.telemetry.rollups import ROLLUPS
from projects.telemetry.simulator import simulate
from projects.telemetry.sources import CITIES, EVENTS
from registry import Policy
from serving import Mart
from training import Costs, Slice, TrainingPlan

PROJECT = Project(
    name="telemetry",
    description="Which visitors of an online shop will not return in the next 60 days.",
    entity="person_id",
    raw=None,
    sources=(EVENTS, CITIES),
    features=FEATURES,
    populations=(ACTIVE,),
    # The log begins in July 2024; from October on it covers the 90 days that features look back.
    first_snapshot=date(2024, 10, 1),
    training=TrainingPlan(
        recency="events_days_since_last",
        slices=(Slice("tenure", "events_days_since_first", (90, 180)),),
        costs=Costs(
            contact=2, offer=200, value=1500, acceptance=0.1, currency="rubles",
            basis="assumed by the project, not measured",
        ),
    ),
    policy=Policy(),
    mart=Mart(table="telemetry_scores", entity="person_id"),
    time_zone="Europe/Moscow",
    simulate=simulate,
    rollups=ROLLUPS,
)  # fmt: skip

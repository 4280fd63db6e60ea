"""Features, population and churn label of assigned people, from the snapshots of the days of their assignments."""

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from actions.declare.plan import ActionPlan
from actions.design.eligibility import ROWS, allowed_sql
from features import DuckEngine, Snapshots
from features.declare.label import LABEL

#: name of the view of assigned people.
ASSIGNED = "assigned_people"


def matured_days(plan: ActionPlan, snapshots: Snapshots, days: Sequence[date], as_of: date) -> list[date]:
    """The days whose labels are known on a day, for all populations of the plan, and that the data covers."""
    labels = [population.label for population in snapshots.spec.populations if population.name in plan.populations]
    known_until = snapshots.known_until(as_of)
    return [day for day in days if snapshots.covers(day) and all(label.matured(day, known_until) for label in labels)]


def read_outcomes(plan: ActionPlan, snapshots: Snapshots, assigned: pd.DataFrame) -> pd.DataFrame:
    """Read the snapshots' rows of assigned people; the snapshots must exist.

    Args:
        plan: the action plan, whose conditions give the columns `allowed_<place>` of its actions.
        snapshots: the project's snapshots.
        assigned: with the columns `person` and `assigned_on`.

    Returns:
        `person`, `assigned_on`, `population`, `label`, `allowed_<place>` and the features; one row per person and day
        that the snapshot of the day has.
    """
    spec, keys = snapshots.spec, assigned[["person", "assigned_on"]].drop_duplicates()
    names = [feature.name for feature in spec.features]
    columns = ", ".join([f"cast({LABEL} as double) as label", allowed_sql(plan), *names])
    engine, parts = DuckEngine(spec.time_zone), []
    with tempfile.TemporaryDirectory() as folder:
        for day, people in keys.groupby("assigned_on", sort=True):
            path = Path(folder) / f"{pd.Timestamp(str(day)).date()}.parquet"
            people[["person"]].to_parquet(path, index=False)
            engine.show_files(ASSIGNED, [path])
            engine.show_files(ROWS, [snapshots.path(pd.Timestamp(str(day)).date())])
            rows = engine.frame(
                f"select {ASSIGNED}.person, population, {columns} from {ROWS} "
                f"join {ASSIGNED} on cast({ROWS}.{spec.entity} as string) = {ASSIGNED}.person order by 1"
            )
            parts.append(rows.assign(assigned_on=day))
    return pd.concat(parts, ignore_index=True)

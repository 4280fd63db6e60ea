"""Past randomised assignments, from the project's history in the lake and from our own campaigns.

A frame of assignments has one row per person and campaign, with the columns of `COLUMNS`. `allowed`, `control_share`
and `explore_share` are known for our own campaigns only; there they give the probability of every arm.
"""

from datetime import date, timedelta

import pandas as pd
import psycopg

from actions.declare.plan import CONTROL, ActionPlan, AssignmentHistory
from actions.design.assignment import CAMPAIGN_CONTROL, EXPLORE
from actions.design.contact_history import register_history
from features import DuckEngine, Snapshots
from lake import Source
from lake.identity import KNOWN

COLUMNS = (
    "person", "campaign", "assigned_on", "assigned_at", "arm", "probability", "allowed", "control_share",
    "explore_share",
)  # fmt: skip


def read_assignment_history(plan: ActionPlan, snapshots: Snapshots, as_of: date) -> pd.DataFrame:
    """Read the assignments of the last `history_days` before a day, as they were known then, from the lake."""
    history = plan.assignments
    engine = DuckEngine(snapshots.spec.time_zone)
    source = None if history is None else register_history(engine, snapshots, history.source)
    if history is None or source is None:
        return _frame(pd.DataFrame())
    rows = engine.frame(_history_sql(history, source, as_of - timedelta(days=plan.history_days), as_of))
    moments = pd.to_datetime(rows["assigned_at"])
    if moments.dt.tz is None:
        moments = moments.dt.tz_localize(snapshots.spec.time_zone)
    return _frame(rows.assign(assigned_at=moments.dt.tz_convert("UTC")))


def read_own_assignments(connection: psycopg.Connection, plan: ActionPlan, project: str, as_of: date) -> pd.DataFrame:
    """Read the people of our own campaigns of the last `history_days` who got control or an action at random."""
    rows = connection.execute(
        "select entity, campaign, starts_on, assigned_at, arm, action, probability, allowed_actions, "
        "cast(design #>> '{shares,control}' as double precision), "
        "cast(design #>> '{shares,explore}' as double precision) "
        "from ops.assignments join ops.campaigns using (project, campaign) "
        "where project = %s and arm = any(%s) and starts_on >= %s and starts_on < %s order by campaign, entity",
        [project, [CAMPAIGN_CONTROL, EXPLORE], as_of - timedelta(days=plan.history_days), as_of],
    ).fetchall()
    names = ("person", "campaign", "assigned_on", "assigned_at", "group", "action", *COLUMNS[5:])
    frame = pd.DataFrame(rows, columns=list(names))
    return _frame(frame.assign(arm=frame["action"].where(frame["group"] == EXPLORE, CONTROL)))


def _history_sql(history: AssignmentHistory, source: Source, since: date, until: date) -> str:
    day = f"cast({source.event_time} as date)"
    action = f"concat_ws('_', {history.channel}, {history.offer}, cast({history.contacts} as string))"
    return (
        f"select cast({source.entity} as string) as person, cast({history.campaign} as string) as campaign, "
        f"{day} as assigned_on, cast({source.event_time} as timestamp) as assigned_at, "
        f"if({history.arm} = '{history.control}', '{CONTROL}', {action}) as arm, "
        f"cast({history.probability} as double) as probability from {source.name} "
        f"where {day} >= date'{since}' and {day} < date'{until}' and cast({KNOWN} as date) < date'{until}' "
        "order by campaign, person"
    )


def _frame(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the columns of `COLUMNS`, absent ones null, in stable types."""
    frame = rows.reindex(columns=list(COLUMNS))
    numbers = ("probability", "control_share", "explore_share")
    return frame.astype(dict.fromkeys(numbers, "float64")).assign(
        assigned_on=pd.to_datetime(frame["assigned_on"]).dt.as_unit("us"),
        assigned_at=pd.to_datetime(frame["assigned_at"], utc=True).dt.as_unit("us"),
    )

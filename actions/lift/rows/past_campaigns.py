"""Campaigns of the history in the lake whose labels have not matured."""

from datetime import date, timedelta

import pandas as pd

from actions.declare.plan import ActionPlan, AssignmentHistory
from actions.lift.rows.campaign_rows import PendingCampaign
from features import DuckEngine, Snapshots
from lake.identity import register_sources, related


def pending_past_campaigns(
    plan: ActionPlan, snapshots: Snapshots, known_until: date, reach: timedelta
) -> list[PendingCampaign]:
    """Count the assignments of the history whose labels are not mature, by campaign.

    Args:
        plan: names the history of assignments.
        snapshots: of the project, for its tables and its time zone.
        known_until: the day before which outcomes are known.
        reach: time from an assignment until its label is mature.
    """
    history = plan.assignments
    if history is None or snapshots.tables[history.source].require().rows_kept == 0:
        return []
    counts = _count(history, snapshots, known_until - reach, known_until)
    actions = {action.name: plan.cost(action) for action in plan.actions}
    counts["cost"] = counts["action"].map(actions).fillna(0.0) * counts["people"] * ~counts["is_control"]
    return [_pending(str(name), rows, reach) for name, rows in counts.groupby("campaign")]


def _pending(name: str, rows: pd.DataFrame, reach: timedelta) -> PendingCampaign:
    control = int(rows.loc[rows["is_control"], "people"].sum())
    last = pd.Timestamp(rows["day"].max()).date()
    return PendingCampaign(name, int(rows["people"].sum()) - control, control, 0, last + reach, rows["cost"].sum())


def _count(history: AssignmentHistory, snapshots: Snapshots, after: date, until: date) -> pd.DataFrame:
    """People by campaign, day, action and group, assigned later than `after` and before `until`."""
    source = next(source for source in snapshots.spec.sources if source.name == history.source)
    engine = DuckEngine(snapshots.spec.time_zone)
    register_sources(engine, snapshots.tables, [*related(source), source])
    action = f"concat({history.channel}, '_', {history.offer}, '_', cast({history.contacts} as string))"
    frame = engine.frame(
        f"select cast({history.campaign} as string) as campaign, cast({source.event_time} as date) as day, "
        f"{action} as action, {history.arm} = '{history.control}' as is_control, count(*) as people "
        f"from {source.name} where cast({source.event_time} as date) > date'{after}' "
        f"and cast({source.event_time} as date) < date'{until}' group by all"
    )
    return frame.assign(is_control=frame["is_control"].astype(bool))

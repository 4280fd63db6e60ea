"""People whom we contacted: their labels show our own actions too."""

import numpy as np
import pandas as pd

from actions.declare.plan import ActionPlan
from features import DuckEngine, Snapshots
from lake.identity import register_sources, related
from stack.postgres import connect
from training import Contacts


def read_contacts(database_url: str, plan: ActionPlan, snapshots: Snapshots) -> Contacts:
    """Read the contacts of the outbox that were sent, and the treated assignments of the history in the lake.

    Args:
        database_url: of `ops.outbox`.
        plan: names the history of assignments.
        snapshots: of the project, for its tables and its time zone.
    """
    parts = [_sent_contacts(database_url, snapshots), _treated_in_history(plan, snapshots)]
    frame = pd.concat(parts, ignore_index=True).drop_duplicates()
    days = frame["day"].to_numpy(dtype="datetime64[D]")
    return Contacts(frame["entity"].to_numpy(dtype=object), np.asarray(days))


def _sent_contacts(database_url: str, snapshots: Snapshots) -> pd.DataFrame:
    spec = snapshots.spec
    query = (
        "select distinct entity, (sent_at at time zone %s)::date from ops.outbox "
        "where project = %s and state in ('unknown', 'accepted')"
    )
    with connect(database_url, role="prichal_writer") as connection:
        rows = connection.execute(query, [spec.time_zone, spec.project]).fetchall()
    return pd.DataFrame(rows, columns=["entity", "day"])


def _treated_in_history(plan: ActionPlan, snapshots: Snapshots) -> pd.DataFrame:
    history = plan.assignments
    if history is None or snapshots.tables[history.source].require().rows_kept == 0:
        return pd.DataFrame(columns=["entity", "day"])
    source = next(source for source in snapshots.spec.sources if source.name == history.source)
    engine = DuckEngine(snapshots.spec.time_zone)
    register_sources(engine, snapshots.tables, [*related(source), source])
    return engine.frame(
        f"select distinct cast({source.entity} as string) as entity, cast({source.event_time} as date) as day "
        f"from {source.name} where {history.arm} <> '{history.control}'"
    )

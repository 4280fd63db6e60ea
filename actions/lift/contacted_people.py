"""People whom we contacted: their labels show our own actions too."""

from datetime import date

import numpy as np

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
    rows = sorted({*_sent_contacts(database_url, snapshots), *_treated_in_history(plan, snapshots)})
    people = np.array([entity for entity, _ in rows], dtype=object)
    return Contacts(people, np.array([day for _, day in rows], dtype="datetime64[D]"))


def _sent_contacts(database_url: str, snapshots: Snapshots) -> list[tuple[str, date]]:
    spec = snapshots.spec
    query = (
        "select distinct entity, (sent_at at time zone %s)::date from ops.outbox "
        "where project = %s and state in ('unknown', 'accepted')"
    )
    with connect(database_url, role="prichal_writer") as connection:
        return connection.execute(query, [spec.time_zone, spec.project]).fetchall()


def _treated_in_history(plan: ActionPlan, snapshots: Snapshots) -> list[tuple[str, date]]:
    history = plan.assignments
    if history is None or snapshots.tables[history.source].require().rows_kept == 0:
        return []
    source = next(source for source in snapshots.spec.sources if source.name == history.source)
    engine = DuckEngine(snapshots.spec.time_zone)
    register_sources(engine, snapshots.tables, [*related(source), source])
    return [
        (str(entity), day)
        for entity, day in engine.rows(
            f"select distinct cast({source.entity} as string), cast({source.event_time} as date) "
            f"from {source.name} where {history.arm} <> '{history.control}'"
        )
    ]

"""Contacts and assignments of the last days, which restrict the next campaign."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg

from actions.declare.action import Channel
from actions.declare.plan import ActionPlan
from actions.design.eligibility import Restrictions
from features import DuckEngine, Snapshots
from lake import Source
from lake.identity import KNOWN, register_sources, related

#: states of a contact that counts for the frequency cap: it was sent, or may be.
COUNTED_STATES = ["pending", "unknown", "accepted"]


def read_restrictions(
    connection: psycopg.Connection, plan: ActionPlan, snapshots: Snapshots, day: date, campaign: str
) -> Restrictions:
    """Read what forbids people a campaign or a channel on a day.

    Contacts are those of `ops.outbox`, and those of other campaigns in the plan's history of reactions, or in its
    history of assignments if there is none of reactions.

    Args:
        connection: to the database of the `ops` tables.
        plan: the action plan.
        snapshots: the project's snapshots, for its tables in the lake.
        day: day of the campaign; only what was known before it counts in the lake.
        campaign: name of the campaign itself, which does not restrict it.
    """
    project = snapshots.spec.project
    closed: dict[str, set[str]] = defaultdict(set)
    query = "select channel, entity from ops.closed_channels where project = %s"
    for channel, entity in connection.execute(query, [project]):
        closed[channel].add(entity)
    campaigns = _planned_campaigns(connection, project)
    resting = _recently_assigned(connection, plan, project, day, campaign)
    resting |= _assigned_in_history(plan, snapshots, day, campaigns)
    return Restrictions(
        resting=frozenset(resting),
        contacts={
            channel.name: _contacts(connection, plan, snapshots, channel, day, campaigns) for channel in plan.channels
        },
        closed={channel: frozenset(people) for channel, people in closed.items()},
    )


def register_history(engine: DuckEngine, snapshots: Snapshots, name: str) -> Source | None:
    """Make a source of the lake a view of its name, and return the source; None if it has no row."""
    source = next(source for source in snapshots.spec.sources if source.name == name)
    if snapshots.tables[name].require().rows_kept == 0:
        return None
    register_sources(engine, snapshots.tables, [*related(source), source])
    return source


def _planned_campaigns(connection: psycopg.Connection, project: str) -> frozenset[str]:
    rows = connection.execute("select campaign from ops.campaigns where project = %s", [project])
    return frozenset(campaign for (campaign,) in rows)


def _recently_assigned(
    connection: psycopg.Connection, plan: ActionPlan, project: str, day: date, campaign: str
) -> set[str]:
    """People of another campaign that starts less than `rest_days` before or after the day."""
    rest = timedelta(days=plan.rest_days)
    rows = connection.execute(
        "select distinct entity from ops.assignments join ops.campaigns using (project, campaign) "
        "where project = %s and campaign <> %s and starts_on > %s and starts_on < %s",
        [project, campaign, day - rest, day + rest],
    )
    return {entity for (entity,) in rows}


def _assigned_in_history(plan: ActionPlan, snapshots: Snapshots, day: date, campaigns: Collection[str]) -> set[str]:
    """People of past campaigns in the lake that began less than `rest_days` before the day."""
    history = plan.assignments
    if history is None or plan.rest_days == 0:
        return set()
    counted = _history_counts(snapshots, history.source, "1", None, history.campaign, plan.rest_days - 1, day)
    return {entity for entity, _, name, _ in counted if name not in campaigns}


def _contacts(
    connection: psycopg.Connection,
    plan: ActionPlan,
    snapshots: Snapshots,
    channel: Channel,
    day: date,
    campaigns: Collection[str],
) -> Mapping[str, int]:
    """Person -> contacts by the channel within its `cap_days` before the day, and those planned from then on."""
    since = datetime.combine(day - timedelta(days=channel.cap_days), time(), ZoneInfo(snapshots.spec.time_zone))
    rows = connection.execute(
        "select entity, count(*) from ops.outbox "
        "where project = %s and channel = %s and state = any(%s) and planned_for >= %s group by entity",
        [snapshots.spec.project, channel.name, COUNTED_STATES, since],
    )
    contacts = Counter({entity: int(count) for entity, count in rows})
    for entity, name, campaign, count in _delivered(plan, snapshots, channel.cap_days, day):
        if name == channel.name and campaign not in campaigns:
            contacts[entity] += count
    return contacts


def _delivered(
    plan: ActionPlan, snapshots: Snapshots, days: int, day: date
) -> list[tuple[str, str | None, str | None, int]]:
    """Person, channel, campaign and number of contacts in the lake within `days` before the day."""
    reactions, history = plan.reactions, plan.assignments
    if reactions is not None:
        words = [value for value, meaning in reactions.meanings.items() if meaning == "delivered"]
        texts = ", ".join(f"'{word}'" for word in words)
        condition = f"int({reactions.reaction} in ({texts}))" if words else "0"
        return _history_counts(snapshots, reactions.source, condition, reactions.channel, reactions.campaign, days, day)
    if history is not None:
        contacts = f"if({history.arm} = '{history.control}', 0, {history.contacts})"
        return _history_counts(snapshots, history.source, contacts, history.channel, history.campaign, days, day)
    return []


def _history_counts(
    snapshots: Snapshots, name: str, count: str, channel: str | None, campaign: str, days: int, day: date
) -> list[tuple[str, str | None, str | None, int]]:
    """Sum SQL `count` over the rows of a source within `days` before the day, by person, channel and campaign."""
    engine = DuckEngine(snapshots.spec.time_zone)
    source = register_history(engine, snapshots, name)
    if source is None:
        return []
    since = day - timedelta(days=days)
    moment, by = f"cast({source.event_time} as date)", channel or "cast(null as string)"
    rows = engine.rows(
        f"select cast({source.entity} as string), {by}, cast({campaign} as string), cast(sum({count}) as bigint) "
        f"from {name} where {moment} >= date'{since}' and {moment} < date'{day}' "
        f"and cast({KNOWN} as date) < date'{day}' group by all"
    )
    return [(entity, by_channel, by_campaign, int(total or 0)) for entity, by_channel, by_campaign, total in rows]

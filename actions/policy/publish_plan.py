"""Publish a day's plan in one transaction: the table of actions, the mart's recommendations, and the prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from actions.declare.plan import ActionPlan
from actions.policy.campaign_people import EXPLORE, POLICY, CampaignPeople, TargetError, campaign_name
from actions.policy.day_plan import DayPlan
from serving import Mart
from stack.lock_waits import retry_while_blocked
from stack.postgres import connect


@dataclass(frozen=True)
class PlannedCampaign:
    """What is published for a day.

    Attributes:
        project: its name.
        day: start of the campaign.
        plan: the action plan.
        people: of the campaign, n.
        populations: (n,), None for a person who is not in the snapshot.
        day_plan: their actions.
    """

    project: str
    day: date
    plan: ActionPlan
    people: CampaignPeople
    populations: NDArray[np.object_]
    day_plan: DayPlan


def publish_plan(database_url: str, mart: Mart, planned: PlannedCampaign) -> int:
    """Replace the day's plan; readers see the old plan or the new one.

    Args:
        database_url: database of the mart and of the `ops` tables.
        mart: table of the scores.
        planned: what is published.

    Returns:
        Number of people with an action.

    Raises:
        BlockedError: another session held a lock for 45 s.
        TargetError: a person of the plan is not in the snapshot; the plan of before stays.
    """
    mart.create_actions(database_url)
    with connect(database_url, role="prichal_writer") as connection:
        rows = _stage(connection, mart, planned)
        task = f"Publishing the plan of {planned.day} in mart.{mart.actions_table}"
        retry_while_blocked(connection, database_url, task, lambda: _replace_day(connection, mart, planned))
    return rows


def _stage(connection: psycopg.Connection, mart: Mart, planned: PlannedCampaign) -> int:
    connection.execute(
        sql.SQL(
            "create temporary table planned (entity {}, population text, arm text, action text, channel text, "
            "offer text, contacts smallint, expected_effect double precision, expected_gain double precision, "
            "cost double precision) on commit drop"
        ).format(sql.SQL(mart.entity_type))
    )
    rows = 0
    with connection.cursor().copy("copy planned from stdin") as copy:
        for row in _rows(planned):
            copy.write_row(row)
            rows += 1
    connection.execute("analyze planned")
    return rows


def _rows(planned: PlannedCampaign) -> Iterator[tuple[object, ...]]:
    plan, people, day_plan = planned.plan, planned.people, planned.day_plan
    costs = [plan.cost(action) for action in plan.actions]
    for row in np.flatnonzero(day_plan.choice >= 0):
        place = int(day_plan.choice[row])
        action, effect = plan.actions[place], float(day_plan.effects[row, place])
        is_known = not np.isnan(effect)
        population = planned.populations[row]
        if population is None:
            raise TargetError(
                f"A person of campaign {campaign_name(planned.project, planned.day)} is not in the snapshot of "
                f"{planned.day}, which was rebuilt from other data: nothing was planned; ingest what is missing again."
            )
        yield (
            people.entities[row], population, EXPLORE if people.explores[row] else POLICY, action.name,
            action.channel, action.offer, action.contacts, effect if is_known else None,
            effect * plan.value - costs[place] if is_known else None, costs[place],
        )  # fmt: skip


def _replace_day(connection: psycopg.Connection, mart: Mart, planned: PlannedCampaign) -> None:
    """Replace the day's rows by the staged ones; one publication of a mart at a time."""
    day, entity = planned.day, sql.Identifier(mart.entity)
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"prichal.publish.{mart.table}"])
    connection.execute(sql.SQL("delete from {} where score_date = %s").format(mart.actions), [day])
    connection.execute(
        _INSERT.format(actions=mart.actions, entity=entity),
        [day, campaign_name(planned.project, day), planned.day_plan.policy_version],
    )
    connection.execute(_RECOMMEND.format(scores=mart.scores, entity=entity), [POLICY, day, day])
    _replace_prices(connection, planned)


_INSERT = sql.SQL("""
insert into {actions} (score_date, {entity}, population, campaign, arm, action, channel, offer, contacts,
                       expected_effect, expected_gain, cost, policy_version, planned_at)
select %s, entity, population, %s, arm, action, channel, offer, contacts,
       expected_effect, expected_gain, cost, %s, now()
from planned
""")

# A drawn action is no recommendation: exploring people keep nulls.
_RECOMMEND = sql.SQL("""
update {scores} scores set recommended_channel = wanted.channel, recommended_offer = wanted.offer
from (select days.{entity} as entity, planned.channel, planned.offer from {scores} days
      left join planned on planned.entity = days.{entity} and planned.arm = %s where days.score_date = %s) wanted
where scores.score_date = %s and scores.{entity} = wanted.entity
  and (scores.recommended_channel, scores.recommended_offer) is distinct from (wanted.channel, wanted.offer)
""")


def _replace_prices(connection: psycopg.Connection, planned: PlannedCampaign) -> None:
    """Write the prices of a policy; without one nothing has a price."""
    key, day_plan = [planned.project, planned.day], planned.day_plan
    connection.execute("delete from ops.constraint_prices where project = %s and score_date = %s", key)
    if day_plan.policy is None:
        return
    columns = (day_plan.constraints.names, day_plan.policy.prices, day_plan.used, day_plan.constraints.allowed)
    for name, price, used, allowed in zip(*columns, strict=True):
        connection.execute(
            "insert into ops.constraint_prices (project, score_date, constraint_name, price, used, allowed) "
            "values (%s, %s, %s, %s, %s, %s)",
            [*key, name, float(price), float(used), float(allowed)],
        )

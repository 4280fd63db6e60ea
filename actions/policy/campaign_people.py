"""The people of a day's campaign who may be contacted, and the actions that each of them may get now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from numpy.typing import NDArray

from actions.declare.plan import ActionPlan
from stack.errors import PrichalError

EXPLORE, POLICY = "explore", "policy"
#: states of a contact that counts for the frequency cap: it was sent, or may be.
COUNTED_STATES = ["pending", "unknown", "accepted"]


class TargetError(PrichalError):
    """A day cannot be planned; the plan of before stays."""


@dataclass(frozen=True)
class CampaignPeople:
    """People of the groups `explore` and `policy`; n people, k actions of the plan.

    Attributes:
        entities: (n,), keys as text.
        explores: (n,), whether the person is in the group `explore`.
        drawn: (n,), position of the drawn action of an exploring person; -1 for others, and where the plan no longer
            has the action.
        allowed: (n, k), whether the person could get the action when assigned, and its channel is open and below its
            frequency cap now.
    """

    entities: NDArray[np.object_]
    explores: NDArray[np.bool_]
    drawn: NDArray[np.int_]
    allowed: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of people."""
        return len(self.entities)


def read_campaign(
    connection: psycopg.Connection, plan: ActionPlan, project: str, day: date, time_zone: str
) -> CampaignPeople:
    """Read the people of the campaign of a day, in an order that is random but always the same.

    Args:
        connection: to the database of the `ops` tables.
        plan: the action plan.
        project: its name.
        day: start of the campaign.
        time_zone: in which a day of the frequency cap begins.

    Raises:
        TargetError: there is no campaign of the day.
    """
    campaign = campaign_name(project, day)
    query = "select true from ops.campaigns where project = %s and campaign = %s"
    if connection.execute(query, [project, campaign]).fetchone() is None:
        raise TargetError(
            f"There is no campaign {campaign}, so nothing was planned: run `-e assign` for {day} first. If that "
            "opens no campaign, nobody may be contacted on this day."
        )
    rows = connection.execute(
        "select entity, arm, action, allowed_actions from ops.assignments "
        "where project = %s and campaign = %s and arm = any(%s) "
        "order by ops.uniform_draw(campaign || ':order', entity), entity",
        [project, campaign, [EXPLORE, POLICY]],
    ).fetchall()
    people = _campaign_people(plan, rows)
    for columns, closed in _forbidden(connection, plan, project, day, time_zone):
        places = np.flatnonzero(np.isin(people.entities, closed))
        people.allowed[places[:, None], columns] = False
    return people


def campaign_name(project: str, day: date) -> str:
    """Name of the campaign of a day."""
    return f"{project}-{day}"


def _campaign_people(plan: ActionPlan, rows: Sequence[tuple[Any, ...]]) -> CampaignPeople:
    place = {action.name: position for position, action in enumerate(plan.actions)}
    allowed = np.zeros((len(rows), len(place)), dtype=np.bool_)
    for row, (_, _, _, names) in enumerate(rows):
        allowed[row, [place[name] for name in names or () if name in place]] = True
    return CampaignPeople(
        np.array([row[0] for row in rows], dtype=object),
        np.array([row[1] == EXPLORE for row in rows], dtype=np.bool_),
        np.array([place.get(row[2], -1) for row in rows], dtype=np.int_),
        allowed,
    )


def _forbidden(
    connection: psycopg.Connection, plan: ActionPlan, project: str, day: date, time_zone: str
) -> Iterator[tuple[list[int], list[str]]]:
    """Positions of actions, and the people who may not get them: the channel was closed, or the cap is reached."""
    campaign = campaign_name(project, day)
    for channel in plan.channels:
        columns = [place for place, action in enumerate(plan.actions) if action.channel == channel.name]
        query = "select entity from ops.closed_channels where project = %s and channel = %s"
        yield columns, [entity for (entity,) in connection.execute(query, [project, channel.name])]
        since = datetime.combine(day - timedelta(days=channel.cap_days), time(), ZoneInfo(time_zone))
        contacts = connection.execute(
            "select entity, count(*) from ops.outbox where project = %s and campaign <> %s and channel = %s "
            "and state = any(%s) and planned_for >= %s group by entity",
            [project, campaign, channel.name, COUNTED_STATES, since],
        ).fetchall()
        for place in columns:
            most = channel.frequency_cap - plan.actions[place].contacts
            yield [place], [entity for entity, count in contacts if count > most]

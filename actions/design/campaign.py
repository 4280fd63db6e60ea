"""The campaign of a day: its people are assigned once, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from actions.declare.plan import ActionPlan, ControlGroups
from actions.design.assignment import GROUPS, AssignedGroups, assign_groups
from actions.design.contact_history import read_restrictions
from actions.design.design_record import describe_design, describe_groups
from actions.design.eligibility import EligiblePeople, read_eligible_people
from features import Snapshots
from serving import Mart, published_scores
from stack.errors import PrichalError
from stack.postgres import connect

COPY_SQL = (
    "copy ops.assignments (project, campaign, entity, arm, action, probability, allowed_actions, salt, global_share) "
    "from stdin"
)


class AssignmentError(PrichalError):
    """People cannot be assigned; nothing was changed."""


@dataclass(frozen=True)
class OpenedCampaign:
    """The campaign of a day.

    Attributes:
        campaign: its name, `<project>-<day>`.
        rows: number of people assigned now; 0 if the campaign existed or nobody is eligible.
        groups: number of people by group.
        design: content of `ops.campaigns.design`; None if nobody is eligible.
        sentence: what happened.
    """

    campaign: str
    rows: int
    groups: Mapping[str, int]
    design: Mapping[str, Any] | None
    sentence: str


def open_campaign(plan: ActionPlan, snapshots: Snapshots, day: date, mart: Mart, database_url: str) -> OpenedCampaign:
    """Assign everybody who may be contacted on a day to a group, unless the campaign of the day exists already.

    The snapshot of the day must exist. All rows are written in one transaction, so a killed process leaves nothing.

    Args:
        plan: the action plan of the project.
        snapshots: the project's snapshots.
        day: start of the campaign.
        mart: table of the scores, for the expected retention.
        database_url: database of the mart and of the `ops` tables.

    Raises:
        AssignmentError: the global control group was drawn with another salt or share, or a key cannot be stored.
    """
    project = snapshots.spec.project
    campaign = f"{project}-{day}"
    churn = _published_churn(database_url, mart, day)
    with connect(database_url, role="prichal_writer") as connection:
        _fix_global_control(connection, project, plan.control)
        existing = _existing_campaign(connection, project, campaign)
        if existing is not None:
            return existing
        restrictions = read_restrictions(connection, plan, snapshots, day, campaign)
        people = read_eligible_people(plan, snapshots.spec, snapshots.path(day), restrictions)
        if len(people) == 0:
            return _without_people(campaign, people)
        _check_keys(project, people)
        groups = assign_groups(plan.control, campaign, people)
        design = {**describe_design(plan, day, people, groups, churn), "snapshot": snapshots.digest(day)}
        if not _insert_campaign(connection, project, campaign, day, design):
            return _require_existing(connection, project, campaign)
        _copy_assignments(connection, (project, campaign), plan, people, groups)
    sentence = f"campaign {campaign}: {describe_groups(groups.counts)}; {design['power']['sentence']}"
    return OpenedCampaign(campaign, len(people), groups.counts, design, sentence)


def _published_churn(database_url: str, mart: Mart, day: date) -> dict[str, float]:
    mart.create(database_url)
    scores = published_scores(database_url, mart, day)
    return dict(zip(scores[mart.entity].astype(str), scores["churn_probability"], strict=True))


def _fix_global_control(connection: psycopg.Connection, project: str, control: ControlGroups) -> None:
    """Write the salt and the share of the global control group once, and refuse other ones."""
    connection.execute(
        "insert into ops.global_controls (project, salt, share) values (%s, %s, %s) on conflict (project) do nothing",
        [project, control.salt, control.global_share],
    )
    query = "select salt, share, created_at from ops.global_controls where project = %s"
    row = connection.execute(query, [project]).fetchone()
    if row is not None and (row[0], row[1]) != (control.salt, control.global_share):
        raise AssignmentError(
            f"The global control group of {project} was drawn on {row[2].astimezone(UTC):%Y-%m-%d} with salt "
            f"{row[0]!r} and global_share {row[1]:g}, but the plan has {control.salt!r} and {control.global_share:g}: "
            "set them back, because another group would contact people who must not be contacted."
        )


def _existing_campaign(connection: psycopg.Connection, project: str, campaign: str) -> OpenedCampaign | None:
    query = "select design, created_at from ops.campaigns where project = %s and campaign = %s"
    row = connection.execute(query, [project, campaign]).fetchone()
    if row is None:
        return None
    design: dict[str, Any] = row[0]
    opened_at: datetime = row[1]
    sentence = (
        f"campaign {campaign} was opened at {opened_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC with "
        f"{describe_groups(design['groups'])}; nothing was changed"
    )
    return OpenedCampaign(campaign, 0, design["groups"], design, sentence)


def _require_existing(connection: psycopg.Connection, project: str, campaign: str) -> OpenedCampaign:
    """The campaign that another process has just opened."""
    existing = _existing_campaign(connection, project, campaign)
    if existing is None:
        raise AssignmentError(f"Campaign {campaign} cannot be read back after another process opened it: run again.")
    return existing


def _without_people(campaign: str, people: EligiblePeople) -> OpenedCampaign:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in people.left_out.items())
    sentence = f"campaign {campaign} was not opened: nobody may be contacted ({reasons or 'the populations are empty'})"
    return OpenedCampaign(campaign, 0, dict.fromkeys(GROUPS, 0), None, sentence)


def _check_keys(project: str, people: EligiblePeople) -> None:
    if any("\0" in entity for entity in people.entities):
        raise AssignmentError(
            f"A key of project {project} holds a NUL character, which PostgreSQL cannot store: nobody was assigned; "
            "correct the exports and ingest again."
        )


def _insert_campaign(
    connection: psycopg.Connection, project: str, campaign: str, day: date, design: Mapping[str, Any]
) -> bool:
    """Write the campaign; False if another process has just written it."""
    inserted = connection.execute(
        "insert into ops.campaigns (project, campaign, starts_on, design) values (%s, %s, %s, %s) "
        "on conflict (project, campaign) do nothing",
        [project, campaign, day, Jsonb(dict(design))],
    )
    return inserted.rowcount == 1


def _copy_assignments(
    connection: psycopg.Connection,
    key: tuple[str, str],
    plan: ActionPlan,
    people: EligiblePeople,
    groups: AssignedGroups,
) -> None:
    """Write one row per person; `key` is project and campaign."""
    names = np.array([action.name for action in plan.actions], dtype=object)
    allowed_names = {allowed.tobytes(): list(names[allowed]) for allowed in np.unique(people.allowed, axis=0)}
    control = (plan.control.salt, plan.control.global_share)
    columns = (people.entities, groups.group, groups.action, groups.probability, people.allowed)
    with connection.cursor().copy(COPY_SQL) as copy:
        for entity, group, action, probability, allowed in zip(*columns, strict=True):
            drawn = names[action] if action >= 0 else None
            drawn_group = (GROUPS[group], drawn, float(probability), allowed_names[allowed.tobytes()])
            copy.write_row((*key, entity, *drawn_group, *control))

"""Whether the plan, the outbox and the platform's reports agree; every difference is counted.

planned = withheld + sent + pending, and sent = accepted + refused + unknown, for each campaign and channel.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from psycopg import sql
from psycopg.rows import class_row

from actions.delivery.outbox import MOST_ATTEMPTS
from serving import Mart
from stack.postgres import connect

#: days within which the platform reports an accepted contact.
REPORT_DAYS = 3
#: days of plans that are compared, and days of reports of other campaigns that are looked at.
PLAN_DAYS, OTHER_DAYS = 90, 30

TOTALS = """
select campaign, channel, count(*)::integer as planned,
       (count(*) filter (where state = 'withheld'))::integer as withheld,
       (count(*) filter (where state = 'pending'))::integer as pending,
       (count(*) filter (where sent_at is not null))::integer as sent,
       (count(*) filter (where state = 'accepted'))::integer as accepted,
       (count(*) filter (where state = 'refused'))::integer as refused,
       (count(*) filter (where state = 'unknown'))::integer as unknown
from ops.outbox where project = %(project)s and score_date > %(since)s and score_date <= %(day)s
group by campaign, channel order by campaign, channel
"""

#: each difference: contacts and people by campaign and channel.
NOT_QUEUED = """
select p.campaign, p.channel, count(*)::integer as contacts, count(distinct p.{entity})::integer as people
from {plan} p cross join generate_series(1, p.contacts) as number
where p.score_date > %(since)s and p.score_date <= %(day)s and not exists (
  select from ops.outbox o where o.project = %(project)s and o.campaign = p.campaign and o.entity = p.{entity}::text
    and o.contact = number and o.action = p.action)
group by 1, 2 order by 1, 2
"""
UNKNOWN = """
select campaign, channel, count(*)::integer as contacts, count(distinct entity)::integer as people
from ops.outbox where project = %(project)s and score_date > %(since)s and score_date <= %(day)s and state = 'unknown'
  and (attempts < %(most)s) = {is_open}
group by 1, 2 order by 1, 2
"""
NOT_REPORTED = """
with accepted as (
  select campaign, channel, entity, count(*) as contacts from ops.outbox
  where project = %(project)s and score_date > %(since)s and score_date <= %(day)s and state = 'accepted'
    and planned_for < %(reported)s
  group by 1, 2, 3
)
select a.campaign, a.channel, sum(a.contacts - coalesce(r.contacts, 0))::integer as contacts,
       count(*)::integer as people
from accepted a left join (
  select campaign, channel, entity, count(*) as contacts from ops.reactions
  where project = %(project)s and reaction = 'delivered' and campaign in (select campaign from accepted)
  group by 1, 2, 3
) r using (campaign, channel, entity)
where a.contacts > coalesce(r.contacts, 0) group by 1, 2 order by 1, 2
"""
UNEXPECTED_CONTACT = """
with sent as (
  select campaign, channel, entity, count(*) filter (where state in ('accepted', 'unknown')) as contacts
  from ops.outbox where project = %(project)s and score_date > %(since)s and score_date <= %(day)s group by 1, 2, 3
)
select r.campaign, r.channel, sum(r.contacts - coalesce(s.contacts, 0))::integer as contacts,
       count(*)::integer as people
from (
  select campaign, channel, entity, count(*) as contacts from ops.reactions
  where project = %(project)s and reaction = 'delivered' and campaign in (select campaign from sent) group by 1, 2, 3
) r left join sent s using (campaign, channel, entity)
where r.contacts > coalesce(s.contacts, 0) group by 1, 2 order by 1, 2
"""
UNEXPECTED_CAMPAIGN = """
select coalesce(r.campaign, '') as campaign, r.channel, count(*)::integer as contacts,
       count(distinct r.entity)::integer as people
from ops.reactions r
where r.project = %(project)s and r.reaction = 'delivered'
  and r.happened_at >= %(others)s and r.happened_at < %(until)s
  and not exists (select from ops.campaigns c where c.project = r.project and c.campaign = r.campaign)
group by 1, 2 order by 1, 2
"""

#: kind of a difference -> its query and its sentence after the counts.
KINDS = {
    "not queued": (NOT_QUEUED, "are in a plan, but not in the outbox as planned"),
    "unknown": (UNKNOWN, "have no answer of the platform yet; the next `-e deliver` sends them again"),
    "given up": (UNKNOWN, "have no answer of the platform and are not sent again"),
    "not reported": (NOT_REPORTED, f"were accepted, but not reported as delivered {REPORT_DAYS} days later"),
    "unexpected contact": (UNEXPECTED_CONTACT, "were reported by our campaigns, but never sent"),
    "unexpected campaign": (
        UNEXPECTED_CAMPAIGN,
        f"were reported in {OTHER_DAYS} days by campaigns that were not planned",
    ),
}


@dataclass(frozen=True)
class CampaignTotals:
    """Number of contacts of a campaign and channel in each state."""

    campaign: str
    channel: str
    planned: int
    withheld: int
    pending: int
    sent: int
    accepted: int
    refused: int
    unknown: int

    @property
    def is_balanced(self) -> bool:
        """Whether both sums agree."""
        return self.planned == self.withheld + self.sent + self.pending and self.sent == (
            self.accepted + self.refused + self.unknown
        )


@dataclass(frozen=True)
class Difference:
    """Contacts and people on which two of plan, outbox and reports disagree, by campaign and channel."""

    kind: str
    campaign: str
    channel: str
    contacts: int
    people: int


@dataclass(frozen=True)
class Reconciliation:
    """Totals and differences of the campaigns of the last days."""

    totals: tuple[CampaignTotals, ...]
    differences: tuple[Difference, ...]

    @property
    def is_balanced(self) -> bool:
        """Whether the sums of every campaign and channel agree."""
        return all(totals.is_balanced for totals in self.totals)

    def sentences(self) -> Iterator[str]:
        """The sums over all campaigns, then a sentence for each kind of difference."""
        names = ("planned", "withheld", "sent", "pending", "accepted", "refused", "unknown")
        sums = {name: sum(getattr(totals, name) for totals in self.totals) for name in names}
        yield "{planned:,} planned = {withheld:,} withheld + {sent:,} sent + {pending:,} pending".format(**sums)
        yield "{sent:,} sent = {accepted:,} accepted + {refused:,} refused + {unknown:,} unknown".format(**sums)
        for totals in self.totals:
            if not totals.is_balanced:
                yield f"the sums of campaign {totals.campaign} by {totals.channel} do not agree"
        for kind, (_, words) in KINDS.items():
            rows = [difference for difference in self.differences if difference.kind == kind]
            if rows:
                contacts, people = sum(row.contacts for row in rows), sum(row.people for row in rows)
                campaigns = len({row.campaign for row in rows})
                yield f"{contacts:,} contacts of {people:,} people in {campaigns:,} campaigns {words}"

    def tables(self) -> dict[str, pd.DataFrame]:
        """The totals and the differences as tables, without those that are empty."""
        tables = {
            "totals": pd.DataFrame([asdict(row) for row in self.totals]),
            "differences": pd.DataFrame([asdict(row) for row in self.differences]),
        }
        return {name: table for name, table in tables.items() if len(table)}


def reconcile_contacts(database_url: str, project: str, mart: Mart, zone: str, day: date) -> Reconciliation:
    """Compare plan, outbox and reports of the campaigns of the last `PLAN_DAYS` days.

    Args:
        database_url: URL of the database.
        project: name of the project.
        mart: the project's mart, with the table of the daily plan.
        zone: the project's time zone.
        day: the last day of the plans.
    """
    until = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    values = {
        "project": project,
        "day": day,
        "since": day - timedelta(days=PLAN_DAYS),
        "until": until,
        "others": until - timedelta(days=OTHER_DAYS),
        "reported": until - timedelta(days=REPORT_DAYS),
        "most": MOST_ATTEMPTS,
    }
    mart.create_actions(database_url)
    with connect(database_url, role="prichal_writer") as connection:
        connection.execute("set local enable_nestloop = off")  # as in the outbox
        totals = connection.cursor(row_factory=class_row(CampaignTotals)).execute(TOTALS, values).fetchall()
        differences = []
        for kind, (query, _) in KINDS.items():
            statement = sql.SQL(query).format(
                plan=mart.actions, entity=sql.Identifier(mart.entity), is_open=kind == "unknown"
            )
            differences += [Difference(kind, *row) for row in connection.execute(statement, values).fetchall()]
    return Reconciliation(tuple(totals), tuple(differences))

"""The transactional outbox `ops.outbox`: each planned contact is one row until the platform has answered.

States: `pending` -> `withheld`, or `pending` -> `unknown` -> `accepted` or `refused`. A row becomes `unknown` in a
committed transaction before its request leaves. So after a kill, a row that is still `pending` was certainly not sent.
An unknown row is sent again with its batch: platforms are sent upserts, so the repetition changes nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from actions.declare.plan import ActionPlan
from actions.delivery.platform import Contact
from actions.delivery.schedule import contact_time
from serving import Mart

#: attempts of a row, in all runs; then it stays `unknown` and is listed.
MOST_ATTEMPTS = 8
#: days after which a planned contact comes too late.
LATE_DAYS = 7

NOT_PLANNED = "the plan no longer has the action"
REASONS = {
    "erased": "the person was erased",
    "closed": "the person closed the channel",
    "late": f"more than {LATE_DAYS} days late",
    "channel": "the channel is no longer declared",
    "consent": "the person does not meet the channel's condition",
    "cap": "the channel's frequency cap",
}

#: channels of the plan, with the parameters that the statements need, as a table of the session.
CREATE_CHANNELS = """
create temporary table if not exists channel
  (name text primary key, gap_days integer, contact_time time, frequency_cap integer, cap_days integer)
"""
CREATE_CONSENT = """
create temporary table if not exists consent (channel text, entity text, primary key (entity, channel))
"""
#: the rows that are being claimed.
CREATE_CHOSEN = """
create temporary table if not exists chosen
  (id bigint primary key, entity text, channel text, planned_for timestamptz, batch bigint) on commit delete rows
"""

# A person whose action has begun keeps it: another action of the same campaign is not added.
QUEUE = """
insert into ops.outbox as o (project, campaign, entity, arm, action, channel, offer, contact, score_date, planned_for,
                             platform, idempotency_key)
select %(project)s, p.campaign, p.{entity}::text, p.arm, p.action, p.channel, p.offer, number, p.score_date,
       (p.score_date + c.gap_days * (number - 1) + c.contact_time) at time zone %(zone)s, %(platform)s,
       encode(sha256(convert_to(
         jsonb_build_array(%(project)s::text, p.campaign, p.{entity}::text, number)::text, 'UTF8')), 'hex')
from {plan} p
join channel c on c.name = p.channel
join ops.assignments a on a.project = %(project)s and a.campaign = p.campaign and a.entity = p.{entity}::text
                      and a.arm = p.arm
cross join generate_series(1, p.contacts) as number
where p.score_date = %(day)s and not exists (
  select from ops.outbox begun
  where begun.project = %(project)s and begun.campaign = p.campaign and begun.entity = p.{entity}::text
    and begun.action <> p.action and begun.sent_at is not null)
order by p.campaign, p.channel, p.{entity}, number
on conflict (project, campaign, entity, contact) do update
  set action = excluded.action, channel = excluded.channel, offer = excluded.offer, score_date = excluded.score_date,
      planned_for = excluded.planned_for, state = 'pending', reason = null
  where o.arm = excluded.arm and (
    o.state = 'withheld' and o.reason = %(not_planned)s
    or o.state = 'pending' and (o.action, o.planned_for) is distinct from (excluded.action, excluded.planned_for))
"""

WITHHOLD_UNPLANNED = """
update ops.outbox o set state = 'withheld', reason = %(not_planned)s
where o.project = %(project)s and o.score_date = %(day)s and o.state = 'pending' and not exists (
  select from {plan} p
  where p.score_date = o.score_date and p.campaign = o.campaign and p.{entity}::text = o.entity and p.action = o.action
    and o.contact <= p.contacts)
"""

# Of each person only the first open row is eligible, and unknown rows come first. A platform's profile has the fields
# of one contact, so a later contact must wait until the platform has answered to the earlier one.
CHOOSE = """
with eligible as materialized (
  select id, entity, channel, planned_for, batch, state,
         row_number() over (partition by entity order by state <> 'unknown', planned_for, id) as place
  from ops.outbox
  where project = %(project)s and attempts < %(most)s
    and (state = 'pending' and planned_for < %(until)s or state = 'unknown' and platform = %(platform)s)
), repeated as materialized (
  select min(batch) as batch from eligible
  where state = 'unknown' and place = 1 and not batch = any(%(failed)s::bigint[])
)
insert into chosen
select e.id, e.entity, e.channel, e.planned_for, e.batch from eligible e, repeated r
where e.place = 1 and case when r.batch is null then e.state = 'pending' else e.batch = r.batch end
order by e.id limit %(rows)s
"""

# Besides the outbox, the frequency cap counts what the platform reports of other campaigns. The planner must not see
# the project there: it could take an index of the whole project for the contacts of one person.
CLAIM = """
with checked as materialized (
  select w.id, w.batch, case
    when exists (select from ops.erased x where x.project = %(project)s
                   and x.identifier_hash = ops.identifier_hash(%(project)s, 'entity', w.entity)) then 'erased'
    when exists (select from ops.closed_channels x where x.project = %(project)s and x.entity = w.entity
                   and x.channel = w.channel) then 'closed'
    when w.planned_for < %(late)s then 'late'
    when c.name is null then 'channel'
    when not exists (select from consent x where x.channel = w.channel and x.entity = w.entity) then 'consent'
    when (select count(*) from ops.outbox s
          where s.project || '' = %(project)s and s.entity = w.entity and s.channel = w.channel
            and s.state in ('unknown', 'accepted') and s.id <> w.id and s.planned_for <= w.planned_for
            and s.planned_for > w.planned_for - make_interval(days => c.cap_days))
       + (select count(*) from ops.reactions r
          where r.project || '' = %(project)s and r.entity = w.entity and r.channel = w.channel
            and r.reaction = 'delivered' and r.happened_at <= w.planned_for
            and r.happened_at > w.planned_for - make_interval(days => c.cap_days)
            and not exists (select from ops.campaigns x where x.project = %(project)s and x.campaign = r.campaign))
       >= c.frequency_cap then 'cap'
    end as reason
  from chosen w join ops.outbox o on o.id = w.id and o.state in ('pending', 'unknown')
                left join channel c on c.name = w.channel
  for update of o skip locked
), numbered as (
  select checked.*, coalesce(batch, min(id) filter (where reason is null and batch is null) over ()) as new_batch
  from checked
)
update ops.outbox o set
  state = case when n.reason is null or o.state = 'unknown' then 'unknown' else 'withheld' end,
  reason = %(reasons)s::jsonb ->> n.reason,
  attempts = case when n.reason is null then o.attempts + 1 when o.state = 'unknown' then %(most)s else o.attempts end,
  batch = case when n.reason is null then n.new_batch else o.batch end,
  platform = case when n.reason is null then %(platform)s else o.platform end,
  sent_at = case when n.reason is null then coalesce(o.sent_at, clock_timestamp()) else o.sent_at end
from numbered n where o.id = n.id
returning o.id, o.campaign, o.entity, o.action, o.channel, o.offer, o.contact, o.planned_for, o.batch,
          o.idempotency_key, o.reason
"""

ANSWER = """
update ops.outbox o set state = case when a.reason is null then 'accepted' else 'refused' end, reason = a.reason,
                        answered_at = clock_timestamp()
from unnest(%(ids)s::bigint[], %(answers)s::text[]) as a (id, reason) where o.id = a.id and o.state = 'unknown'
"""

# A row that may have been accepted by an earlier attempt stays unknown.
RELEASE = """
update ops.outbox set state = 'pending', attempts = 0, sent_at = null, batch = null
where id = any(%(ids)s) and state = 'unknown' and attempts = 1
"""


@dataclass(frozen=True)
class Claim:
    """Contacts that became `unknown` and must be sent now, and how many were withheld instead, by reason."""

    contacts: Sequence[Contact]
    withheld: Mapping[str, int]

    @property
    def is_empty(self) -> bool:
        """Whether no row was due."""
        return not self.contacts and not self.withheld


@dataclass(frozen=True)
class Outbox:
    """The outbox of one project on one day.

    Attributes:
        connection: in autocommit mode, as `prichal_writer`. Its session keeps tables of channels and consent.
        mart: the project's mart, with the table of the daily plan.
        zone: the project's time zone.
        day: the day of the plan. Contacts that are planned until its end are due.
        platform: name of the platform.
    """

    connection: psycopg.Connection
    project: str
    mart: Mart
    zone: str
    day: date
    platform: str

    def declare(self, plan: ActionPlan) -> None:
        """Let the session know the channels of the plan."""
        rows = [
            (channel.name, channel.gap_days, contact_time(channel), channel.frequency_cap, channel.cap_days)
            for channel in plan.channels
        ]
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for statement in (CREATE_CHANNELS, CREATE_CONSENT, CREATE_CHOSEN):
                cursor.execute(statement)
            cursor.execute("truncate channel, consent")
            cursor.executemany("insert into channel values (%s, %s, %s, %s, %s)", rows)

    def queue(self) -> tuple[int, int]:
        """Bring the day's plan into the outbox; returns how many contacts were added or changed, and withheld.

        Rows that were sent never change. Pending rows of an action that the plan no longer has are withheld.
        """
        with self.connection.transaction():
            # Without statistics of new rows, the planner expects a few rows only, and would compare each with each.
            self.connection.execute("set local enable_nestloop = off")
            queued = self._execute(QUEUE).rowcount
            withheld = self._execute(WITHHOLD_UNPLANNED).rowcount
        return queued, withheld

    def due_people(self, channel: str) -> set[str]:
        """People with an open contact by the channel that is due."""
        query = (
            "select distinct entity from ops.outbox where project = %(project)s and channel = %(channel)s "
            "and state in ('pending', 'unknown') and planned_for < %(until)s"
        )
        return {row[0] for row in self.connection.execute(query, {**self._values(), "channel": channel})}

    def allow(self, channel: str, people: Iterable[str]) -> None:
        """Let the session know who accepts the channel."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            with cursor.copy("copy consent from stdin") as copy:
                for entity in people:
                    copy.write_row((channel, entity))
            cursor.execute("analyze consent")

    def claim(self, rows: int, failed_batches: Collection[int] = ()) -> Claim:
        """Check due rows again, withhold those that must not be sent, and make the others `unknown`; commit.

        A batch that was interrupted comes first, and alone.

        Args:
            rows: the most rows to look at.
            failed_batches: batches that are not tried again in this run.
        """
        with self.connection.transaction():
            self._execute(CHOOSE, rows=rows, failed=list(failed_batches))
            self.connection.execute("analyze chosen")
            claimed = self._execute(CLAIM).fetchall()
        contacts = sorted((Contact(*row[:-1]) for row in claimed if row[-1] is None), key=lambda contact: contact.id)
        return Claim(contacts, Counter(row[-1] for row in claimed if row[-1] is not None))

    def record(self, results: Mapping[int, str | None]) -> None:
        """Store answers: id of a row -> None if it was accepted, else the reason of the refusal."""
        with self.connection.transaction():
            self._execute(ANSWER, ids=list(results), answers=list(results.values()))

    def release(self, contacts: Iterable[Contact]) -> None:
        """Make rows `pending` again whose only attempt was certainly not accepted."""
        with self.connection.transaction():
            self._execute(RELEASE, ids=[contact.id for contact in contacts])

    def states(self) -> dict[str, int]:
        """Number of the project's rows in each state."""
        query = "select state, count(*) from ops.outbox where project = %s group by state"
        return {str(state): int(count) for state, count in self.connection.execute(query, [self.project])}

    def _execute(self, query: str, **values: object) -> psycopg.Cursor[Any]:
        statement = sql.SQL(query).format(plan=self.mart.actions, entity=sql.Identifier(self.mart.entity))
        return self.connection.execute(statement, {**self._values(), **values})

    def _values(self) -> dict[str, object]:
        until = _midnight(self.day + timedelta(days=1), self.zone)
        return {
            "project": self.project,
            "day": self.day,
            "zone": self.zone,
            "platform": self.platform,
            "not_planned": NOT_PLANNED,
            "most": MOST_ATTEMPTS,
            "until": until,
            "late": _midnight(self.day - timedelta(days=LATE_DAYS), self.zone),
            "reasons": Jsonb(REASONS),
        }


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))

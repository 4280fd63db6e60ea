"""`python -m benchmarks handover`: 100,000 contacts to a platform that cuts every third answer; none lost, none twice.

It starts a PostgreSQL of its own in a temporary folder, so nothing is left behind.
"""

from datetime import date

from psycopg import sql
from pydantic import SecretStr

from actions.declare.action import Action, Channel, Offer
from actions.declare.plan import ActionPlan, ControlGroups
from actions.delivery import sending
from actions.delivery.altcraft import Altcraft
from actions.delivery.deliver import Delivered, Handover
from benchmarks.actions.receiver import Receiver, receiver
from benchmarks.database import temporary_database
from benchmarks.timing import elapsed_seconds
from serving import Mart
from stack import postgres

PEOPLE, DAY, PROJECT, SHARE = 100_000, date(2026, 3, 2), "shop", 0.05
MART = Mart("shop_scores", "user_id", "text")
ACTION = Action(channel="push", offer="none", contacts=2)
PLAN = ActionPlan(
    channels=(Channel(name="push", cost=0.1, where="true", gap_days=2),),
    offers=(Offer(name="none", cost=0),),
    actions=(ACTION,),
    value=10,
    currency="EUR",
    basis="assumed",
    daily_budget=100_000,
    control=ControlGroups(global_share=SHARE, salt="shop"),
    populations=("all",),
)
SETUP = """
with global_control as (
  insert into ops.global_controls (project, salt, share) values (%(project)s, 'shop', %(share)s)
)
insert into ops.campaigns (project, campaign, starts_on, design) values (%(project)s, %(campaign)s, %(day)s, '{}')
"""
ASSIGN = """
insert into ops.assignments (project, campaign, entity, arm, probability, salt, global_share)
select %(project)s, %(campaign)s, 'u' || number, 'policy', 0.8, 'shop', %(share)s
from generate_series(1, 2 * %(people)s::integer) as number
where ops.uniform_draw('shop', 'u' || number) >= %(share)s limit %(people)s
"""
INSERT_PLAN = """
insert into {} (score_date, user_id, population, campaign, arm, action, channel, offer, contacts, cost, policy_version,
                planned_at)
select %(day)s, entity, 'all', campaign, arm, %(action)s, 'push', 'none', 2, 0.2, '1', now() from ops.assignments
"""


def main() -> None:
    """Print seconds and counts; exit with an error if a contact is lost or sent twice."""
    sending.PAUSE_SECONDS = 0.0
    for failing in (0, 3):
        with temporary_database() as url, receiver(failing) as server:
            _measure(url, server)


def _measure(url: str, server: Receiver) -> None:
    people = _plan_contacts(url)
    delivered: list[Delivered] = []
    seconds = elapsed_seconds(lambda: delivered.append(_deliver(url, server, people)))
    twice = sum(count != 1 for count in server.contacts.values())
    states = {state: count for state, count in delivered[0].states.items() if state != "pending"}
    case = f"every answer number {server.failing} cut" if server.failing else "no failure"
    print(
        f"{PEOPLE:,} due contacts, {case}: {seconds:.0f} s, {server.requests} requests, {states}, "
        f"{len(server.contacts):,} people contacted, {twice} twice"
    )
    if states != {"accepted": PEOPLE} or len(server.contacts) != PEOPLE or twice:
        raise SystemExit("A contact was lost or sent twice.")


def _plan_contacts(url: str) -> list[str]:
    """Plan two contacts for each person, the second one for a later day; returns the people."""
    MART.create_actions(url)
    values = {"project": PROJECT, "campaign": f"{PROJECT}-{DAY}", "day": DAY, "share": SHARE, "people": PEOPLE}
    with postgres.connect(url, role="prichal_writer") as connection:
        for statement in (SETUP, ASSIGN):
            connection.execute(statement, values)
        connection.execute(sql.SQL(INSERT_PLAN).format(MART.actions), {**values, "action": ACTION.name})
        return [row[0] for row in connection.execute("select entity from ops.assignments").fetchall()]


def _deliver(url: str, server: Receiver, people: list[str]) -> Delivered:
    address = f"http://127.0.0.1:{server.server_port}"
    platform = Altcraft(address, SecretStr("token"), 1, "user_id", rate=1000.0)
    return Handover(url, PROJECT, MART, "UTC", DAY, PLAN, platform, lambda _: people).run()

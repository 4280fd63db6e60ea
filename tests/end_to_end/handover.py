"""A project with planned contacts in the mart, and processes that are killed while they hand them over."""

import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, time
from typing import IO, Any

import psycopg
from psycopg import sql
from pydantic import SecretStr

from actions.declare.action import Action, Channel, Offer
from actions.declare.plan import ActionPlan, ControlGroups
from actions.delivery import altcraft, outbox
from actions.delivery.altcraft import Altcraft
from actions.delivery.deliver import Delivered, Handover
from actions.delivery.outbox import Outbox
from actions.delivery.platform import Platform
from serving import Mart
from stack.postgres import connect
from tests.end_to_end.altcraft_server import DATABASE, TOKEN

DAY, ZONE, SALT, SHARE = date(2026, 3, 2), "Europe/Moscow", "salt", 0.05
PLAN = ActionPlan(
    channels=(
        Channel(name="push", cost=0.1, where="accepts_push", frequency_cap=2, cap_days=10, gap_days=2),
        Channel(name="email", cost=0.2, where="accepts_email", quiet_hours=(time(11), time(18))),
    ),
    offers=(Offer(name="none", cost=0), Offer(name="discount", cost=3)),
    actions=(
        Action(channel="push", offer="none"),
        Action(channel="push", offer="none", contacts=2),
        Action(channel="email", offer="discount", contacts=3),
    ),
    value=10,
    currency="EUR",
    basis="assumed",
    daily_budget=1000,
    control=ControlGroups(salt=SALT),
    populations=("all",),
)
PUSH, PUSH_TWICE, EMAIL = PLAN.actions
ASSIGN = """
insert into ops.assignments (project, campaign, entity, arm, probability, salt, global_share)
select %(p)s, %(c)s, 'u' || n, 'policy', 0.8, %(salt)s, %(share)s
from generate_series(%(a)s::integer, %(b)s::integer) n
where ops.uniform_draw(%(salt)s, 'u' || n) >= %(share)s limit %(n)s returning entity
"""


def platform(url: str, token: str = TOKEN, **changes: Any) -> Altcraft:
    """The stand-in server as the platform."""
    values = {"rate": 1000.0, "timeout_seconds": 1.0, **changes}
    return Altcraft(url, SecretStr(token), DATABASE, "user_id", **values)


@dataclass(frozen=True)
class Shop:
    """A project of its own in the tests' database."""

    url: str
    name: str = field(default_factory=lambda: f"shop_{uuid.uuid4().hex[:10]}")

    @property
    def mart(self) -> Mart:
        return Mart(f"{self.name}_scores", "user_id", "text")

    @property
    def plan_table(self) -> sql.Identifier:
        return self.mart.actions

    def campaign(self, day: date = DAY) -> str:
        return f"{self.name}-{day}"

    def plan_contacts(self, count: int, action: Action = PUSH, day: date = DAY, first: int = 0) -> list[str]:
        """Assign people to the day's campaign and plan the action for them; returns the people."""
        self.mart.create_actions(self.url)
        with connect(self.url, role="prichal_writer") as connection:
            values = {"p": self.name, "c": self.campaign(day), "d": day, "salt": SALT, "share": SHARE}
            connection.execute(
                "insert into ops.global_controls (project, salt, share) values (%(p)s, %(salt)s, %(share)s) "
                "on conflict do nothing",
                values,
            )
            connection.execute(
                "insert into ops.campaigns (project, campaign, starts_on, design) values (%(p)s, %(c)s, %(d)s, '{}') "
                "on conflict do nothing",
                values,
            )
            people = connection.execute(ASSIGN, {**values, "a": first, "b": first + 2 * count + 100, "n": count})
            assigned = [row[0] for row in people.fetchall()]
            self.plan_actions(assigned, action, day, connection)
        return assigned

    def plan_actions(self, people: Collection[str], action: Action, day: date, connection: psycopg.Connection) -> None:
        insert = sql.SQL(
            "insert into {} (score_date, user_id, population, campaign, arm, action, channel, offer, contacts, cost, "
            "policy_version, planned_at) select %s, entity, 'all', %s, 'policy', %s, %s, %s, %s, 1, '1', now() "
            "from unnest(%s::text[]) as entity"
        ).format(self.plan_table)
        connection.execute(
            insert,
            [day, self.campaign(day), action.name, action.channel, action.offer, action.contacts, list(people)],
        )

    def replan(self, people: Collection[str], action: Action, day: date = DAY) -> None:
        """Replace the day's plan, as a second `target` does."""
        with connect(self.url, role="prichal_writer") as connection:
            connection.execute(sql.SQL("delete from {} where score_date = %s").format(self.plan_table), [day])
            self.plan_actions(people, action, day, connection)

    def handover(
        self, to: Platform, day: date = DAY, accepts: Callable[[Channel], Collection[str]] | None = None
    ) -> Handover:
        """The hand-over of a day; everybody accepts every channel unless `accepts` says otherwise."""
        return Handover(self.url, self.name, self.mart, ZONE, day, PLAN, to, accepts or (lambda _: self.people()))

    def deliver(self, to: Platform, day: date = DAY, **options: Any) -> Delivered:
        return self.handover(to, day, **options).run()

    def people(self) -> set[str]:
        return {str(row[0]) for row in self.rows("select distinct entity from ops.outbox where project = %s")}

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query; the first parameter is the project."""
        with connect(self.url, role="prichal_writer") as connection:
            return connection.execute(query, [self.name, *values]).fetchall()  # type: ignore[arg-type]

    def states(self) -> dict[str, int]:
        return dict(self.rows("select state, count(*) from ops.outbox where project = %s group by 1"))

    def reasons(self) -> dict[str, int]:
        query = "select reason, count(*) from ops.outbox where project = %s and reason is not null group by 1"
        return dict(self.rows(query))


def killed_at(step: int) -> list[str]:
    """Let this process be killed when the step-th step of a hand-over is done; returns the names of its steps."""
    steps: list[str] = []
    names = ("QUEUE", "WITHHOLD_UNPLANNED", "CHOOSE", "CLAIM", "ANSWER", "RELEASE")
    statements = {getattr(outbox, name): name for name in names}

    def counted(call: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            done = call(*args, **kwargs)
            steps.append(name_of(*args))
            if len(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return run

    for name in ("queue", "claim", "record"):  # committed
        setattr(Outbox, name, counted(getattr(Outbox, name), lambda *_, name=name: name))
    Outbox._execute = counted(Outbox._execute, lambda _, query: statements[query])  # not committed
    altcraft.post_json = counted(altcraft.post_json, lambda *_: "post")  # type: ignore[attr-defined]
    return steps


def in_child(act: Callable[[], object]) -> int:
    """Run it in a process of its own; returns the exit code, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """Hand over contacts of projects, each killed at its step; print a line for each: exit code, steps if it ended."""
    url, server, *jobs = sys.argv[1:]
    for job in jobs:
        step, name = job.split(":")
        with tempfile.TemporaryFile("w+") as ended:

            def deliver(step: int = int(step), name: str = name, ended: IO[str] = ended) -> None:
                steps = killed_at(step)
                Shop(url, name).deliver(platform(server, batch_rows=100))
                ended.write(" ".join(steps))
                ended.flush()

            code = in_child(deliver)
            ended.seek(0)
            sys.stdout.write(f"{code} {ended.read()}\n")


def day_after(days: int) -> date:
    return date.fromordinal(DAY.toordinal() + days)


if __name__ == "__main__":
    main()

"""Hand the contacts of a day over to the platform, each once: plan -> outbox -> checks -> platform -> answers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from actions.declare.plan import ActionPlan
from actions.delivery.consent import Consent
from actions.delivery.outbox import Outbox
from actions.delivery.platform import Platform
from actions.delivery.sending import Sent, send_due
from serving import Mart
from stack.errors import PrichalError
from stack.locks import BusyError, Locks
from stack.postgres import connect_for_locks, set_role

#: seconds to wait for another process that delivers.
WAIT_SECONDS = 10.0


class DeliveryError(PrichalError):
    """The platform did not accept all contacts that were due."""


@dataclass(frozen=True)
class Delivered:
    """What a run handed over.

    Attributes:
        queued: contacts of the plan that were added to the outbox or changed in it.
        unplanned: pending contacts that the plan no longer has; they were withheld.
        sent: what was sent and withheld.
        states: number of all rows of the project's outbox by state, after the run.
    """

    queued: int
    unplanned: int
    sent: Sent
    states: Mapping[str, int]

    def sentences(self) -> Iterator[str]:
        """The result, for the console."""
        yield f"{self.queued:,} contacts queued, {self.unplanned:,} withheld because the plan no longer has them"
        yield (
            f"{self.sent.accepted:,} accepted by the platform, {self.sent.refused:,} refused, "
            f"{sum(self.sent.withheld.values()):,} withheld before sending"
        )
        for reason, count in sorted(self.sent.withheld.items()):
            yield f"{count:,} withheld: {reason}"
        yield "the outbox has " + ", ".join(f"{count:,} {state}" for state, count in sorted(self.states.items()))

    def require_success(self) -> None:
        """Fail if contacts that were due have no answer.

        Raises:
            DeliveryError: some have none.
        """
        if self.sent.problem is not None:
            raise DeliveryError(self.sent.problem)


@dataclass(frozen=True)
class Handover:
    """The hand-over of one day of one project.

    Attributes:
        database_url: URL of the outbox's database.
        project: name of the project.
        mart: the project's mart.
        zone: the project's time zone.
        day: the day of the plan.
        plan: the project's declaration of actions.
        platform: receives the contacts.
        consent: returns who accepts a channel.
    """

    database_url: str
    project: str
    mart: Mart
    zone: str
    day: date
    plan: ActionPlan
    platform: Platform
    consent: Consent

    def run(self) -> Delivered:
        """Bring the day's plan into the outbox, and hand over each contact that is due by the end of the day.

        One process of a project delivers at a time. A run after a kill continues where the killed one was.

        Raises:
            BusyError: another process delivers contacts of the project.
            LostLocksError: PostgreSQL closed the connection with the lock.
        """
        self.mart.create_actions(self.database_url)
        with self._only_sender() as locks, self._outbox() as outbox:
            outbox.declare(self.plan)
            queued, unplanned = outbox.queue()
            for channel in self.plan.channels:
                if due := outbox.due_people(channel.name):
                    outbox.allow(channel.name, due.intersection(self.consent(channel)))
            sent = send_due(outbox, self.platform, locks.check)
            return Delivered(queued, unplanned, sent, outbox.states())

    @contextmanager
    def _only_sender(self) -> Iterator[Locks]:
        locks = Locks(self.database_url)
        try:
            if not locks.wait(f"prichal.deliver.{self.project}", WAIT_SECONDS):
                raise BusyError(
                    f"Another process delivers contacts of project {self.project}: wait until it has ended, then run "
                    "the step again."
                )
            yield locks
        finally:
            locks.close()

    @contextmanager
    def _outbox(self) -> Iterator[Outbox]:
        connection = connect_for_locks(self.database_url)
        try:
            set_role(connection, "prichal_writer")
            # Otherwise a statement of a killed process would run, and hold its locks, to its end.
            connection.execute("set client_connection_check_interval = '1s'")
            yield Outbox(connection, self.project, self.mart, self.zone, self.day, self.platform.name)
        finally:
            connection.close()

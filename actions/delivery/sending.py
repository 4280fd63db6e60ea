"""Send what is due, batch after batch: claim and commit, send, record; retries with pauses, and an end."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from actions.delivery.outbox import Outbox
from actions.delivery.platform import Answers, Contact, Platform

#: attempts of a batch in one run; the pause after the first, in seconds, doubles each time.
TRIES, PAUSE_SECONDS = 4, 1.0
#: a run stops after so many batches without an answer.
MOST_FAILED_BATCHES = 2


@dataclass
class Sent:
    """What a run sent.

    Attributes:
        accepted, refused: contacts by the platform's answer.
        withheld: reason -> contacts that the checks before sending withheld.
        failures: batch -> why its last request had no complete answer.
        attempts: batch -> its requests in this run.
        refusal: why the platform refused a whole request; None if it did not.
    """

    accepted: int = 0
    refused: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)
    attempts: Counter[int] = field(default_factory=Counter)
    refusal: str | None = None

    @property
    def failed_batches(self) -> list[int]:
        """Batches that are not tried again in this run."""
        return [batch for batch in self.failures if self.attempts[batch] >= TRIES]

    @property
    def problem(self) -> str | None:
        """Why contacts that were due have no answer, as a sentence; None if all have one."""
        if self.refusal is not None or not self.failures:
            return self.refusal
        last = list(self.failures.values())[-1].rstrip(".")
        return f"{last}: its contacts are unknown; run `-e deliver` again, which sends the same contacts again."

    def count(self, batch: int, answers: Answers) -> None:
        """Count an attempt and the answers to it."""
        refused = sum(reason is not None for reason in answers.results.values())
        self.refused += refused
        self.accepted += len(answers.results) - refused
        self.attempts[batch] += 1
        self.failures.pop(batch, None)
        if answers.is_refused:
            self.refusal = answers.failure
        elif answers.failure is not None:
            self.failures[batch] = answers.failure


def send_due(outbox: Outbox, platform: Platform, check_locks: Callable[[], None]) -> Sent:
    """Send every due contact that the checks allow.

    A batch without an answer is repeated up to `TRIES` times; after `MOST_FAILED_BATCHES` such batches, or a refused
    request, the run ends. Their contacts stay `unknown` for the next run, or `pending` where the platform certainly
    accepted none.

    Args:
        outbox: of the day.
        platform: receives the contacts.
        check_locks: raises an error if this process is no longer the only sender.
    """
    sent = Sent()
    while sent.refusal is None and len(sent.failed_batches) < MOST_FAILED_BATCHES:
        check_locks()
        claim = outbox.claim(platform.batch_rows, sent.failed_batches)
        sent.withheld.update(claim.withheld)
        if claim.is_empty:
            break
        if claim.contacts:
            _send(outbox, platform, claim.contacts, sent)
    return sent


def _send(outbox: Outbox, platform: Platform, contacts: Sequence[Contact], sent: Sent) -> None:
    batch, answers = contacts[0].batch, platform.send(contacts)
    outbox.record(answers.results)
    sent.count(batch, answers)
    if answers.is_refused:
        outbox.release(contact for contact in contacts if contact.id not in answers.results)
    elif answers.failure is not None and sent.attempts[batch] < TRIES:
        time.sleep(max(PAUSE_SECONDS * 2 ** (sent.attempts[batch] - 1), answers.pause_seconds))

"""What a platform is to the outbox: it gets batches of contacts and answers for each contact.

Another platform is one more module with a class of this interface, and a line in `platforms.choose_platform`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Contact:
    """One contact of a person, as it is handed over.

    Attributes:
        id: of its row in the outbox.
        entity: the person.
        action: name of the action, which consists of `channel`, `offer` and a number of contacts.
        contact: 1 for the first contact of the action.
        planned_for: when the platform should contact the person.
        batch: number of the batch; the same for every attempt.
        idempotency_key: the same for every attempt, different for every contact.
    """

    id: int
    campaign: str
    entity: str
    action: str
    channel: str
    offer: str
    contact: int
    planned_for: datetime
    batch: int
    idempotency_key: str


@dataclass(frozen=True)
class Answers:
    """What a platform answered to a batch.

    Attributes:
        results: id of a contact -> None if it was accepted, or the reason of the refusal. A contact that is missing
            may have been accepted or not: it is sent again.
        failure: why contacts are missing in `results`, as a sentence without secrets; None if none is.
        is_refused: the platform certainly accepted none of the missing contacts, and would not if they came again, for
            example because the token is wrong.
        pause_seconds: how long the platform asks to wait before the next request.
    """

    results: Mapping[int, str | None] = field(default_factory=dict)
    failure: str | None = None
    is_refused: bool = False
    pause_seconds: float = 0.0


class Platform(Protocol):
    """Sends batches of contacts. `send` repeated with the same contacts must change nothing at the platform."""

    @property
    def name(self) -> str:
        """Its name in the outbox."""

    @property
    def batch_rows(self) -> int:
        """The most contacts of a batch."""

    def send(self, batch: Sequence[Contact]) -> Answers:
        """Send a batch. Failures of the platform are part of the answer and raise no exception."""

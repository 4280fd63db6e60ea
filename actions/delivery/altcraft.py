"""Altcraft: contacts become fields of profiles, by its method `profiles/import_batch`.

From Altcraft's documentation: `POST <server>/api/v1.1/profiles/import_batch` takes JSON with `token`, `db_id`,
`matching`, `field_name` and `data`, a list of profiles. A request may have at most 10,000 profiles and 10 MB. `error` 0
means that the request was accepted. `result` has `error`, `error_text` and `profile_id` for each profile of `data`.

Only fields are set: a segment on `prichal_campaign` and a campaign in Altcraft send the message. Setting the same
fields twice changes nothing, so a request that was accepted without an answer can be repeated. No address is sent.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Self

from pydantic import SecretStr

from actions.delivery.http_post import NoReplyError, Reply, is_encrypted_or_local, post_json
from actions.delivery.platform import Answers, Contact
from stack.errors import SettingError
from stack.settings import Settings

IMPORT_PATH = "/api/v1.1/profiles/import_batch"
#: Altcraft's limits of a request.
MAX_PROFILES, MAX_BYTES = 10_000, 10_000_000
#: seconds for connecting and for an answer.
TIMEOUT_SECONDS = 60.0
#: the longest pause that a server may ask for, and characters of a server's text that are kept.
MAX_PAUSE_SECONDS, MAX_TEXT = 60.0, 200
#: statuses after which the request may come again; every other status but 200 is a refusal.
TEMPORARY = frozenset({408, 425, 429})


@dataclass
class Altcraft:
    """Sends contacts to Altcraft.

    Attributes:
        url: of the server.
        token: of its API.
        database: id of the database of profiles.
        entity: custom field of the profiles that has the entity, such as `user_id`.
        rate: the most requests per second.
    """

    url: str
    token: SecretStr
    database: int
    entity: str
    rate: float
    timeout_seconds: float = TIMEOUT_SECONDS
    max_bytes: int = MAX_BYTES
    name: str = "altcraft"
    batch_rows: int = MAX_PROFILES
    _next_at: float = field(default=0.0, repr=False)

    @classmethod
    def of(cls, settings: Settings, entity: str) -> Self:
        """The server of the settings.

        Raises:
            SettingError: the address is set, but not the token or the database; or the address would reveal the token.
        """
        url, token, database = settings.altcraft_url, settings.altcraft_token, settings.altcraft_database
        if url is None or token is None or database is None:
            raise SettingError(
                "PRICHAL_ALTCRAFT_URL needs PRICHAL_ALTCRAFT_TOKEN and PRICHAL_ALTCRAFT_DATABASE too: set all three, "
                "or none to hand contacts over as lists in the bucket."
            )
        if not is_encrypted_or_local(url):
            raise SettingError(
                f"PRICHAL_ALTCRAFT_URL={url!r} would send the token without encryption: give an https address."
            )
        return cls(url, token, database, entity, settings.altcraft_rate)

    def send(self, batch: Sequence[Contact]) -> Answers:
        """Send a batch in as many requests as its size needs."""
        results: dict[int, str | None] = {}
        for contacts, body in self._requests(batch):
            answers = self._send(contacts, body)
            results |= answers.results
            if answers.failure is not None:
                return Answers(results, answers.failure, answers.is_refused, answers.pause_seconds)
        return Answers(results)

    def _requests(self, batch: Sequence[Contact]) -> Iterator[tuple[list[Contact], bytes]]:
        """Contacts and body of each request, none larger than Altcraft allows."""
        fields = {
            "token": self.token.get_secret_value(),
            "db_id": self.database,
            "matching": "custom",
            "field_name": self.entity,
            "skip_triggers": True,
            "skip_invalid_subscriptions": True,
        }
        head = f'{json.dumps(fields)[:-1]}, "data": ['.encode()
        contacts: list[Contact] = []
        profiles: list[bytes] = []
        size = len(head) + 2
        for contact in batch:
            profile = json.dumps(self._profile(contact), ensure_ascii=False).encode()
            if contacts and (size + len(profile) + 1 > self.max_bytes or len(contacts) == self.batch_rows):
                yield contacts, head + b",".join(profiles) + b"]}"
                contacts, profiles, size = [], [], len(head) + 2
            contacts.append(contact)
            profiles.append(profile)
            size += len(profile) + 1
        if contacts:
            yield contacts, head + b",".join(profiles) + b"]}"

    def _profile(self, contact: Contact) -> dict[str, object]:
        return {
            self.entity: contact.entity,
            "prichal_campaign": contact.campaign,
            "prichal_action": contact.action,
            "prichal_offer": contact.offer,
            "prichal_contact": contact.contact,
            "prichal_planned_for": contact.planned_for.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _send(self, contacts: Sequence[Contact], body: bytes) -> Answers:
        self._wait_for_rate()
        try:
            reply = post_json(self.url, IMPORT_PATH, body, self.timeout_seconds)
        except NoReplyError as error:
            return Answers(failure=f"Altcraft gave {error}.")
        if reply.status == 200:
            return self._read(contacts, reply.content)
        if reply.status in TEMPORARY or reply.status >= 500:
            return Answers(failure=f"Altcraft answered HTTP status {reply.status}.", pause_seconds=_pause(reply))
        return self._refused(f"HTTP status {reply.status}")

    def _wait_for_rate(self) -> None:
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + 1 / self.rate

    def _read(self, contacts: Sequence[Contact], content: bytes) -> Answers:
        try:
            answer = json.loads(content)
            error = int(answer["error"])
        except (ValueError, KeyError, TypeError):
            return Answers(failure="Altcraft's answer is not the JSON that its documentation describes.")
        if error != 0:
            return self._refused(f"error {error}: {self._text(answer)}")
        items = answer.get("result")
        if not _has_results(items, len(contacts)):
            return Answers(failure=f"Altcraft's answer does not have a result for each of {len(contacts):,} profiles.")
        # A repeated answer repeats the list. A profile that was accepted once is accepted.
        rounds = [items[start : start + len(contacts)] for start in range(0, len(items), len(contacts))]
        return Answers({contact.id: self._reason(results) for contact, *results in zip(contacts, *rounds, strict=True)})

    def _reason(self, results: Sequence[Mapping[str, Any]]) -> str | None:
        """None if a result is an acceptance, else the reason of the last refusal."""
        if any(result.get("error") == 0 for result in results):
            return None
        return f"error {results[-1].get('error')}: {self._text(results[-1])}"

    def _text(self, answer: Mapping[str, Any]) -> str:
        """A server's text of an error; a server may repeat the token in it."""
        text = " ".join(str(answer.get("error_text", "")).split())
        return text.replace(self.token.get_secret_value(), "(hidden)")[:MAX_TEXT].rstrip(".")

    def _refused(self, why: str) -> Answers:
        return Answers(
            failure=(
                f"Altcraft refused a request ({why}) and accepted no profile of it: correct PRICHAL_ALTCRAFT_TOKEN, "
                "PRICHAL_ALTCRAFT_DATABASE or PRICHAL_ALTCRAFT_URL, then run `-e deliver` again."
            ),
            is_refused=True,
        )


def _has_results(items: object, profiles: int) -> bool:
    """Whether an answer has a result for each profile, once or several times."""
    is_list = isinstance(items, list) and bool(items) and len(items) % profiles == 0
    return is_list and all(isinstance(item, dict) for item in items)  # type: ignore[attr-defined]


def _pause(reply: Reply) -> float:
    """Seconds that a server asks to wait; 0 if it does not say a number."""
    text = reply.headers.get("retry-after", "")
    return min(float(text), MAX_PAUSE_SECONDS) if text.isdigit() else 0.0

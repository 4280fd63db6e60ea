"""Contacts as lists in the S3 bucket, for any platform that imports files."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from actions.delivery.platform import Answers, Contact
from stack import bucket
from stack.errors import ServiceError
from stack.settings import Settings

#: columns after the entity.
COLUMNS = ("campaign", "channel", "action", "offer", "contact", "planned_for", "idempotency_key")


@dataclass(frozen=True)
class BucketLists:
    """Writes `s3://<bucket>/lists/<project>/<campaign>/<channel>-<batch>.csv`, one object per campaign and channel.

    The name depends on the batch only, and an object is written whole. So a repeated batch replaces the same objects.

    Attributes:
        project: name of the project.
        entity: name of the column of the people.
    """

    settings: Settings
    project: str
    entity: str
    name: str = "bucket"
    batch_rows: int = 100_000

    def send(self, batch: Sequence[Contact]) -> Answers:
        """Write the lists; a list that is written is accepted."""
        results: dict[int, str | None] = {}
        contacts = sorted(batch, key=lambda contact: (contact.campaign, contact.channel, contact.id))
        for (campaign, channel), rows in groupby(contacts, lambda contact: (contact.campaign, contact.channel)):
            group = list(rows)
            try:
                bucket.put(self.settings, self._url(campaign, channel, group[0].batch), self._csv(group), "text/csv")
            except ServiceError as error:
                return Answers(results, str(error))
            results |= dict.fromkeys(contact.id for contact in group)
        return Answers(results)

    def _url(self, campaign: str, channel: str, batch: int) -> str:
        folder = f"s3://{self.settings.s3_bucket}/lists/{quote(self.project, safe='')}/{quote(campaign, safe='')}"
        return f"{folder}/{quote(channel, safe='')}-{batch:09d}.csv"

    def _csv(self, contacts: Sequence[Contact]) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow((self.entity, *COLUMNS))
        for contact in contacts:
            values = {name: getattr(contact, name) for name in COLUMNS}
            writer.writerow((contact.entity, *(values | {"planned_for": contact.planned_for.isoformat()}).values()))
        return text.getvalue().encode()

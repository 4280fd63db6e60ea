"""What the ledger says of a model: what is in production, what has begun, what waits for a reviewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from registry.ledger import ledger
from registry.ledger.chain import Row
from stack.postgres import connect


@dataclass(frozen=True)
class Past:
    """The state that a model's rows add up to.

    Attributes:
        production: version that the ledger vouches for; None if none.
        previous: version that a rollback brings back; None if there is none.
        intent: the row of a move that has begun and not ended.
        review: the row of the review that waits.
        rows: all rows of the model.
    """

    production: str | None = None
    previous: str | None = None
    intent: Row | None = None
    review: Row | None = None
    rows: tuple[Row, ...] = ()


def read(connection: psycopg.Connection, model: str) -> Past:
    """What the ledger says of a model now."""
    return add_up(ledger.rows(connection, model))


def history(database_url: str, models: Sequence[str]) -> list[Row]:
    """The rows of these models in the order they were written."""
    ledger.prepare(database_url)
    with connect(database_url) as connection:
        found = [row for model in models for row in ledger.rows(connection, model)]
    return sorted(found, key=lambda row: row.id)


def promoted_files(past: Past, version: str) -> str | None:
    """SHA-256 of the files that a version was last promoted with; None if the ledger is older than such digests."""
    for row in reversed(past.rows):
        if row.act == "promote" and row.version == version:
            return _challenger(row).get("files_sha256")
    return None


def _challenger(row: Row) -> Mapping[str, Any]:
    """What a decision was bound to of the version that it was about."""
    subject = row.decision.get("subject")
    found = subject.get("challenger") if isinstance(subject, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def add_up(rows: Sequence[Row]) -> Past:
    """The state after these rows of one model."""
    past = Past()
    for row in rows:
        past = _after(past, row)
    return replace(past, rows=tuple(rows))


def _after(past: Past, row: Row) -> Past:
    match row.act:
        case "promote":
            waits = past.review if past.review and past.review.version != row.version else None
            return replace(past, production=row.version, previous=row.replaced, intent=None, review=waits)
        case "rollback":
            return replace(past, production=row.version, previous=None, intent=None)
        case "repair":
            # An earlier release wrote what it found as what is right.
            now = row.decision.get("set", {"production": row.version, "previous": row.replaced})
            return replace(past, production=now["production"], previous=now["previous"])
        case "intent":
            return replace(past, intent=row)
        case "review":
            return replace(past, review=row)
        case "approve" | "reject":
            return replace(past, review=None)
        case "void":
            return _given_up(past, row)
    return past


def _given_up(past: Past, row: Row) -> Past:
    """A `void` row names the intent or the review that it ends, if it ends one."""
    ended = row.decision.get("ends")
    return replace(
        past,
        intent=None if past.intent and past.intent.id == ended else past.intent,
        review=None if past.review and past.review.id == ended else past.review,
    )

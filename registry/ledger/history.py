"""What the ledger says of a model: what is in production, what has begun, what waits for a reviewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from registry.ledger import ledger
from registry.ledger.chain import Row
from stack.postgres import connect
from stack.schema import check_schema


@dataclass(frozen=True)
class ModelState:
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


def read(connection: psycopg.Connection, model: str) -> ModelState:
    """What the ledger says of a model now."""
    return replay(ledger.rows(connection, model))


def history(database_url: str, models: Sequence[str]) -> list[Row]:
    """The rows of these models in the order they were written."""
    check_schema(database_url)
    with connect(database_url) as connection:
        found = [row for model in models for row in ledger.rows(connection, model)]
    return sorted(found, key=lambda row: row.id)


def promoted_files(state: ModelState, version: str) -> str | None:
    """SHA-256 of the files that a version was last promoted with; None if the ledger is older than such digests."""
    for row in reversed(state.rows):
        if row.act == "promote" and row.version == version:
            return _challenger(row).get("files_sha256")
    return None


def _challenger(row: Row) -> Mapping[str, Any]:
    """What a decision was bound to of the version that it was about."""
    subject = row.decision.get("subject")
    found = subject.get("challenger") if isinstance(subject, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def replay(rows: Sequence[Row]) -> ModelState:
    """The state after these rows of one model."""
    state = ModelState()
    for row in rows:
        state = _after(state, row)
    return replace(state, rows=tuple(rows))


def _after(state: ModelState, row: Row) -> ModelState:
    match row.act:
        case "promote":
            waits = state.review if state.review and state.review.version != row.version else None
            return replace(state, production=row.version, previous=row.replaced, intent=None, review=waits)
        case "rollback":
            return replace(state, production=row.version, previous=None, intent=None)
        case "repair":
            # An earlier release wrote what it found as what is right.
            now = row.decision.get("set", {"production": row.version, "previous": row.replaced})
            return replace(state, production=now["production"], previous=now["previous"])
        case "intent":
            return replace(state, intent=row)
        case "review":
            return replace(state, review=row)
        case "approve" | "reject":
            return replace(state, review=None)
        case "void":
            return _given_up(state, row)
    return state


def _given_up(state: ModelState, row: Row) -> ModelState:
    """A `void` row names the intent or the review that it ends, if it ends one."""
    ended = row.decision.get("ends")
    return replace(
        state,
        intent=None if state.intent and state.intent.id == ended else state.intent,
        review=None if state.review and state.review.id == ended else state.review,
    )

"""State of a model by the ledger: its versions in production and before, an open transition, an open review."""

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
    """State of a model after its rows are replayed.

    Attributes:
        production: version in production; None if there is none.
        previous: version that a rollback restores; None if there is none.
        intent: row of an alias transition that has begun and not ended.
        review: row of the open review.
        rows: all rows of the model.
    """

    production: str | None = None
    previous: str | None = None
    intent: Row | None = None
    review: Row | None = None
    rows: tuple[Row, ...] = ()


def read(connection: psycopg.Connection, model: str) -> ModelState:
    """Current state of a model."""
    return replay(ledger.rows(connection, model))


def history(database_url: str, models: Sequence[str]) -> list[Row]:
    """Rows of these models in the order in which they were written."""
    check_schema(database_url)
    with connect(database_url) as connection:
        rows = [row for model in models for row in ledger.rows(connection, model)]
    return sorted(rows, key=lambda row: row.id)


def promoted_files(state: ModelState, version: str) -> str | None:
    """SHA-256 of the files that a version was last promoted with; None if the ledger is older than such digests."""
    for row in reversed(state.rows):
        if row.act == "promote" and row.version == version:
            return _challenger(row).get("files_sha256")
    return None


def _challenger(row: Row) -> Mapping[str, Any]:
    """Number and digests of the judged version."""
    subject = row.decision.get("subject")
    challenger = subject.get("challenger") if isinstance(subject, Mapping) else None
    return challenger if isinstance(challenger, Mapping) else {}


def replay(rows: Sequence[Row]) -> ModelState:
    """State after these rows of one model."""
    state = ModelState()
    for row in rows:
        state = _apply(state, row)
    return replace(state, rows=tuple(rows))


def _apply(state: ModelState, row: Row) -> ModelState:
    match row.act:
        case "promote":
            review = state.review if state.review and state.review.version != row.version else None
            return replace(state, production=row.version, previous=row.replaced, intent=None, review=review)
        case "rollback":
            return replace(state, production=row.version, previous=None, intent=None)
        case "repair":
            # A row of an earlier release has no `set`; its columns hold the versions.
            aliases = row.decision.get("set", {"production": row.version, "previous": row.replaced})
            return replace(state, production=aliases["production"], previous=aliases["previous"])
        case "intent":
            return replace(state, intent=row)
        case "review":
            return replace(state, review=row)
        case "approve" | "reject":
            return replace(state, review=None)
        case "void":
            return _apply_void(state, row)
    return state


def _apply_void(state: ModelState, row: Row) -> ModelState:
    """Close the intent or the review that a `void` row names, if it names one."""
    ended = row.decision.get("ends")
    return replace(
        state,
        intent=None if state.intent and state.intent.id == ended else state.intent,
        review=None if state.review and state.review.id == ended else state.review,
    )

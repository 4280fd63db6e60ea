"""`ops.promotions`: who replaced which version, when, and why. Rows are added, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from registry.ledger.chain import (
    GENESIS,
    Row,
    plain,
    wrong_number,
)
from stack.errors import PrichalError
from stack.postgres import set_role

#: The role that may add to the ledger, and do nothing else to it.
MOVER = "prichal_mover"

COLUMNS = "id, happened_at, who, model_name, act, version, replaced_version, decision, reason, previous_hash, row_hash"
SELECT = f"select {COLUMNS} from ops.promotions"
INSERT = f"insert into ops.promotions ({COLUMNS}) values ({', '.join(['%s'] * 11)})"


#: Name under which `ops.migrations` holds the number of the last row written by a release without heads in MLflow.
TAKEN_OVER_ROWS = "ops.promotions: rows without a head"


class ImpossibleRowError(PrichalError):
    """No row can follow the last row of the ledger."""


@dataclass(frozen=True)
class LedgerEntry:
    """Content of a new row; the ledger adds number, time and hashes."""

    who: str
    model: str
    act: str
    version: str | None
    replaced: str | None
    reason: str
    decision: Mapping[str, Any] = field(default_factory=dict)


def append(connection: psycopg.Connection, entries: Sequence[LedgerEntry]) -> list[Row]:
    """Add all rows or none; writers wait for one another.

    Args:
        connection: in autocommit mode, so that the rows are committed when this returns.
        entries: content of the rows, in order.

    Returns:
        The new rows.

    Raises:
        ImpossibleRowError: no row can follow the last row of the ledger.
    """
    with connection.transaction():
        set_role(connection, MOVER, local=True)
        connection.execute("select pg_advisory_xact_lock(hashtextextended('prichal.ledger', 0))")
        check_end(connection)
        return [_add(connection, entry) for entry in entries]


def rows(connection: psycopg.Connection, model: str | None = None) -> list[Row]:
    """Rows of a model, or all rows, by id."""
    query = f"{SELECT} where %(model)s::text is null or model_name = %(model)s order by id"
    return [Row(*values) for values in connection.execute(query, {"model": model})]


def check_end(connection: psycopg.Connection) -> None:
    """Require that a row can follow the last row.

    Raises:
        ImpossibleRowError: its number does not follow the number of the row before.
    """
    rows = connection.execute(f"{SELECT} order by id desc limit 2").fetchall()
    last, before = [*(Row(*values) for values in rows), None, None][:2]
    if last is not None and (why := wrong_number(before, last)):
        raise ImpossibleRowError(
            f"{why.rstrip('.')}: nothing was changed, remove the row as docs/promotion.md describes."
        )


def last_without_head(connection: psycopg.Connection) -> int:
    """Number of the last row that a release without heads in MLflow wrote; 0 if there is none."""
    query = "select details -> 'last_id' from ops.migrations where name = %s"
    row = connection.execute(query, [TAKEN_OVER_ROWS]).fetchone()
    return int(row[0]) if row else 0


def _add(connection: psycopg.Connection, entry: LedgerEntry) -> Row:
    last = connection.execute(
        "select id, row_hash, happened_at from ops.promotions order by id desc limit 1"
    ).fetchone() or (0, GENESIS, None)
    # The decision is read back from jsonb, so that its hash matches later reads. `greatest` keeps the rows in order
    # after the clock was set back.
    now = connection.execute(
        "select greatest(clock_timestamp(), %s::timestamptz), %s::jsonb", [last[2], Jsonb(plain(entry.decision))]
    ).fetchone()
    assert now is not None  # noqa: S101  # a select of values has one row
    content = (entry.who, entry.model, entry.act, entry.version, entry.replaced)
    row = Row(last[0] + 1, now[0], *content, now[1], entry.reason, previous_hash=last[1]).sealed()
    connection.execute(INSERT, _values(row))
    return row


def _values(row: Row) -> list[Any]:
    return [Jsonb(value) if name == "decision" else value for name, value in vars(row).items()]

"""`ops.promotions`: who replaced which version, when, and why. Rows are added, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from registry.ledger.chain import (
    GENESIS,
    Row,
    plain,
    wrong_number,
)
from registry.ledger.insert_check import CREATE_INSERT_CHECK
from stack.errors import PrichalError
from stack.migrations import apply_once, read_details
from stack.postgres import connect, migrate

ACTS = ("promote", "refuse", "rollback", "repair", "review", "approve", "reject", "void", "intent")

CREATE = f"""
create schema if not exists ops;
create table if not exists ops.promotions (
  id bigint primary key,
  happened_at timestamptz not null,
  who text not null,
  model_name text not null,
  act text not null constraint promotions_act_check check (act in {ACTS}),
  version text,
  replaced_version text,
  decision jsonb not null,
  reason text not null,
  previous_hash text not null,
  row_hash text not null unique
);
"""

#: a ledger of an earlier release: its rows have numbers with gaps and no hashes.
TAKE_OVER = f"""
alter table ops.promotions disable trigger user;
alter table ops.promotions
  alter column id drop identity if exists,
  alter column happened_at drop default,
  alter column version drop not null,
  drop constraint if exists promotions_act_check,
  add constraint promotions_act_check check (act in {ACTS}),
  add column previous_hash text,
  add column row_hash text unique;
update ops.promotions set id = -id;
"""
TAKEN_OVER = """
alter table ops.promotions alter column previous_hash set not null, alter column row_hash set not null;
alter table ops.promotions enable trigger user;
"""

PROTECT = """
create or replace function ops.refuse_change() returns trigger language plpgsql as
  $$ begin raise exception 'ops.promotions is append-only: % is refused', tg_op; end $$;
create or replace trigger promotions_append_only before update or delete or truncate on ops.promotions
  for each statement execute function ops.refuse_change();
grant usage on schema ops to prichal_writer;
grant select, insert on ops.promotions to prichal_writer;
revoke update, delete, truncate on ops.promotions from prichal_writer;
"""

COLUMNS = "id, happened_at, who, model_name, act, version, replaced_version, decision, reason, previous_hash, row_hash"
SELECT = f"select {COLUMNS} from ops.promotions"
INSERT = f"insert into ops.promotions ({COLUMNS}) values ({', '.join(['%s'] * 11)})"


#: name under which `ops.migrations` keeps the last row that was taken over from a release without heads in MLflow.
TAKEN_OVER_ROWS = "ops.promotions: rows without a head"
#: rows of such a release are the ones before the first of these acts.
LAST_WITHOUT_HEAD = """
select coalesce(
  (select min(id) - 1 from ops.promotions where act in ('intent', 'review', 'approve', 'reject', 'void')),
  (select max(id) from ops.promotions), 0)
"""


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


def prepare(database_url: str) -> None:
    """Create the ledger unless it exists; chain the rows of a ledger that an earlier release created."""
    with connect(database_url) as connection:
        migrate(connection, CREATE)
        if not _chained(connection):
            _take_over(connection)
        apply_once(connection, TAKEN_OVER_ROWS, lambda: {"last_id": _last_without_head(connection)})
        connection.execute(PROTECT)
        connection.execute(CREATE_INSERT_CHECK)


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
        connection.execute("set local role prichal_writer")
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
    details = read_details(connection, TAKEN_OVER_ROWS)
    return int(details["last_id"]) if details else 0


def _last_without_head(connection: psycopg.Connection) -> int:
    row = connection.execute(LAST_WITHOUT_HEAD).fetchone()
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


def _chained(connection: psycopg.Connection) -> bool:
    column = connection.execute(
        "select 1 from information_schema.columns "
        "where table_schema = 'ops' and table_name = 'promotions' and column_name = 'row_hash'"
    )
    return column.fetchone() is not None


def _take_over(connection: psycopg.Connection) -> None:
    """Number the rows in the order of their time, and chain them."""
    connection.execute(TAKE_OVER)
    previous = GENESIS
    rows = connection.execute(f"{SELECT} order by happened_at, id desc").fetchall()
    for number, values in enumerate(rows, start=1):
        row = replace(Row(*values), id=number, previous_hash=previous).sealed()
        connection.execute(
            "update ops.promotions set id = %s, previous_hash = %s, row_hash = %s where id = %s",
            [row.id, row.previous_hash, row.row_hash, values[0]],
        )
        previous = row.row_hash
    connection.execute(TAKEN_OVER)

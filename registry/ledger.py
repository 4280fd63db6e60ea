"""`ops.promotions`: who replaced which version, when, and why. Rows are added, never changed."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from stack.postgres import connect, migrate

DDL = """
create schema if not exists ops;
create table if not exists ops.promotions (
  id bigint generated always as identity primary key,
  happened_at timestamptz not null default clock_timestamp(),
  who text not null,
  model_name text not null,
  act text not null check (act in ('promote', 'refuse', 'rollback', 'repair')),
  version text not null,
  replaced_version text,
  decision jsonb not null,
  reason text not null
);
create or replace function ops.refuse_change() returns trigger language plpgsql as
  $$ begin raise exception 'ops.promotions is append-only: % is refused', tg_op; end $$;
create or replace trigger promotions_append_only before update or delete or truncate on ops.promotions
  for each statement execute function ops.refuse_change();
grant usage on schema ops to prichal_writer;
grant select, insert on ops.promotions to prichal_writer;
"""


def prepare(database_url: str) -> None:
    """Make the ledger unless it is there."""
    with connect(database_url) as connection:
        migrate(connection, DDL)


def append(
    connection: psycopg.Connection, who: str, model: str, act: str, version: str, replaced: str | None,
    decision: Mapping[str, Any], reason: str,
) -> None:  # fmt: skip
    """Add one row in the caller's transaction."""
    connection.execute(
        "insert into ops.promotions (who, model_name, act, version, replaced_version, decision, reason) "
        "values (%s, %s, %s, %s, %s, %s, %s)",
        [who, model, act, version, replaced, Jsonb(dict(decision)), reason],
    )


def last_move(connection: psycopg.Connection, model: str) -> str | None:
    """The version that the ledger says is in production; None if it knows of none."""
    row = connection.execute(
        "select version from ops.promotions where model_name = %s and act <> 'refuse' order by id desc limit 1",
        [model],
    ).fetchone()
    return str(row[0]) if row else None

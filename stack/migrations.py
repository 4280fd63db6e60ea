"""Changes to a database that are made once, and recorded in `ops.migrations`."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

CREATE = """
create schema if not exists ops;
create table if not exists ops.migrations (
  name text primary key,
  applied_at timestamptz not null default clock_timestamp(),
  details jsonb not null default '{}'
);
"""


def apply_once(connection: psycopg.Connection, name: str, change: Callable[[], Mapping[str, Any]]) -> None:
    """Make a change unless it is recorded; change and record are committed together or not at all.

    Args:
        connection: the owner's, after `stack.postgres.migrate`, whose lock lets one migration run at a time.
        name: of the change.
        change: makes the change and returns the details to record.
    """
    connection.execute(CREATE)
    if read_details(connection, name) is None:
        insert = "insert into ops.migrations (name, details) values (%s, %s)"
        connection.execute(insert, [name, Jsonb(dict(change()))])


def read_details(connection: psycopg.Connection, name: str) -> Mapping[str, Any] | None:
    """The details recorded with a change; None if the change was not made."""
    row = connection.execute("select details from ops.migrations where name = %s", [name]).fetchone()
    return row[0] if row else None

"""Statements of a revision run on the connection that the migration was given."""

import psycopg
from alembic import op

from migrations.upgrade import read_sql


def owner_connection() -> psycopg.Connection:
    """The connection of the owner, as psycopg has it."""
    connection = op.get_bind().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError(f"Migrations run on psycopg, this connection is a {type(connection).__name__}.")
    return connection


def run_sql(name: str) -> None:
    """Run `migrations/sql/<name>.sql` as it is: no parameters, so a per cent sign needs no doubling."""
    owner_connection().execute(read_sql(name))

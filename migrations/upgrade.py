"""Bring a database to the newest revision. This room imports no other room: a revision must stay what it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

FOLDER = Path(__file__).resolve().parent
#: The newest revision. Steps compare it with `ops.alembic_version`; the number is in the file's name.
HEAD = max(path.stem[1:5] for path in (FOLDER / "versions").glob("r[0-9]*.py"))
#: A migration waits this long for a lock that another session holds.
SECONDS = 50


def upgrade(open_connection: Callable[[], psycopg.Connection]) -> None:
    """Apply the missing revisions, the rights of all roles and the comments on columns, in one transaction.

    Args:
        open_connection: opens a connection of the owner of the tables, who may create roles and schemas.

    Raises:
        psycopg.Error: a statement failed; nothing was changed.
    """
    # Importing them takes half a second, and every step imports this module for HEAD.
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine("postgresql+psycopg://", creator=open_connection, poolclass=NullPool)
    with engine.begin() as wrapped:
        connection: Any = wrapped.connection.driver_connection
        connection.execute("select pg_advisory_xact_lock(hashtext('prichal.migrate'))")
        connection.execute("select set_config('lock_timeout', %s, true)", [f"{SECONDS}s"])
        if not _has_schema(connection):
            connection.execute("create schema ops")
        _run_revisions(wrapped)
        connection.execute(read_sql("rights"))
        connection.execute(read_sql("comments"))


def read_sql(name: str) -> bytes:
    """The text of `migrations/sql/<name>.sql`."""
    return (FOLDER / "sql" / f"{name}.sql").read_bytes()


def _has_schema(connection: psycopg.Connection) -> bool:
    # `create schema if not exists` asks for the right to create one even where the schema exists.
    return connection.execute("select 1 from pg_namespace where nspname = 'ops'").fetchone() is not None


def _run_revisions(wrapped: Any) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)

    def plan_revisions(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("head", revision)  # what alembic's own `upgrade` command calls

    context = EnvironmentContext(config, script)
    context.configure(connection=wrapped, fn=plan_revisions, version_table_schema="ops")
    context.run_migrations()

"""The schema of the database: migrated by its owner, checked by every step that uses it."""

import psycopg

import migrations
from stack.errors import ServiceError
from stack.postgres import address, connect, open_connection


class SchemaError(ServiceError):
    """The database does not have the schema of this release."""


def migrate(owner_url: str) -> None:
    """Apply the missing migrations and the rights of all roles.

    Args:
        owner_url: URL of the owner of the tables, who may create roles and schemas.

    Raises:
        SchemaError: PostgreSQL refused a statement; nothing was changed.
    """
    try:
        migrations.upgrade(lambda: open_connection(owner_url))
    except psycopg.errors.LockNotAvailable:
        raise SchemaError(
            f"The migrations of {address(owner_url)} waited {migrations.SECONDS} s for a lock that another session "
            "holds, nothing was changed: end the steps and sessions that use the tables, then run the command again."
        ) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"The migrations of {address(owner_url)} were refused ({_first_line(error)}), nothing was changed: run "
            "them as the owner of the tables, who may create roles (docs/server.md)."
        ) from None


def check_schema(database_url: str) -> None:
    """Check that the migrations of this release were applied.

    Raises:
        SchemaError: they were not, or this login has no role that may read them.
    """
    with connect(database_url) as connection:
        revision = _revision(connection, database_url)
    if revision == migrations.HEAD:
        return
    if revision is not None and revision > migrations.HEAD:
        raise SchemaError(
            f"The database {address(database_url)} is at revision {revision} of a newer release, this one has "
            f"{migrations.HEAD}: update this checkout."
        )
    state = "has no tables of Prichal" if revision is None else f"is at revision {revision}"
    raise SchemaError(
        f"The database {address(database_url)} {state}, this release needs revision {migrations.HEAD}: run `make up`, "
        "or `python -m stack migrate` with PRICHAL_OWNER_DATABASE_URL set to the URL of its owner (docs/server.md)."
    )


def _revision(connection: psycopg.Connection, database_url: str) -> str | None:
    try:
        row = connection.execute("select max(version_num) from ops.alembic_version").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return None
    except psycopg.errors.InsufficientPrivilege:
        raise SchemaError(
            f"This login of {address(database_url)} has no role of Prichal: let the owner grant it prichal_writer "
            "(docs/access-rights.md)."
        ) from None
    return str(row[0]) if row and row[0] is not None else None


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")

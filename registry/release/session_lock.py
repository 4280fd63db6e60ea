"""One mover a model: a PostgreSQL lock that the session holds, and loses when its process dies."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg

from stack.errors import PrichalError
from stack.postgres import connect

#: a move takes seconds: who holds the lock longer hangs.
SECONDS = 120


class ModelLockedError(PrichalError):
    """Another process moves the same model and does not end."""


@contextmanager
def locked(database_url: str, models: Iterable[str]) -> Iterator[psycopg.Connection]:
    """Hold the locks of the models; what is done on the connection is committed at once.

    Locks are taken in order of names, so that two who want the same models never wait for each other.

    Raises:
        BusyError: a lock was not to be had.
    """
    with connect(database_url) as connection:
        connection.autocommit = True
        connection.execute(f"set lock_timeout = '{SECONDS}s'")
        for model in sorted(set(models)):
            _lock(connection, model)
        yield connection


def _lock(connection: psycopg.Connection, model: str) -> None:
    try:
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [f"prichal.promotion.{model}"])
    except psycopg.errors.LockNotAvailable:
        raise ModelLockedError(
            f"Model {model} has been moved by another process for more than {SECONDS} s: see what it waits for, "
            "then run the same again."
        ) from None

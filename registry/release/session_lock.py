"""Locks of models: PostgreSQL advisory locks of a session, freed when its process ends."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg

from stack.errors import PrichalError
from stack.postgres import connect

#: longest wait for a lock; a promotion holds it for a few seconds.
TIMEOUT_SECONDS = 120


class ModelLockedError(PrichalError):
    """Another process holds the lock of a model for too long."""


@contextmanager
def lock_models(database_url: str, models: Iterable[str]) -> Iterator[psycopg.Connection]:
    """Hold the locks of models; each statement on the connection is committed at once.

    Locks are taken in the order of names, so that two processes never wait for each other.

    Raises:
        ModelLockedError: another process holds a lock for longer than `TIMEOUT_SECONDS`.
    """
    with connect(database_url) as connection:
        connection.autocommit = True
        connection.execute(f"set lock_timeout = '{TIMEOUT_SECONDS}s'")
        for model in sorted(set(models)):
            _lock(connection, model)
        yield connection


def _lock(connection: psycopg.Connection, model: str) -> None:
    try:
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [f"prichal.promotion.{model}"])
    except psycopg.errors.LockNotAvailable:
        raise ModelLockedError(
            f"Another process has held the lock of model {model} for more than {TIMEOUT_SECONDS} s: end or wait for "
            "that promotion, then run this command again."
        ) from None

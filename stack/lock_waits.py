"""Statements that another session's lock may block: tried again for a while, then an error names that session."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import psycopg

from stack.errors import PrichalError
from stack.postgres import connect

#: One try waits this long for each lock, and the next begins after a pause. No try begins after `SECONDS`.
TRY_SECONDS, PAUSE_SECONDS, SECONDS = 2.0, 0.5, 45.0

Result = TypeVar("Result")


class BlockedError(PrichalError):
    """Another session holds a lock and does not end."""


def retry_while_blocked(
    connection: psycopg.Connection, database_url: str, words: str, action: Callable[[], Result]
) -> Result:
    """Do the action, again while another session's lock is in its way; each try is undone before the next.

    Args:
        connection: on which the action works; a transaction is open or begins here.
        database_url: of the same database, to ask who blocks.
        words: what is being done, as the subject of an error's sentence.
        action: its statements.

    Raises:
        BlockedError: the lock was not free within 45 s.
    """
    begun_at, blockers = time.monotonic(), ""
    while True:
        try:
            with connection.transaction():
                connection.execute("select set_config('lock_timeout', %s, true)", [f"{TRY_SECONDS}s"])
                with _Watch(database_url, connection.info.backend_pid) as watch:
                    return action()
        except psycopg.errors.LockNotAvailable:
            blockers = watch.blockers or blockers
            if time.monotonic() - begun_at > SECONDS:
                raise BlockedError(
                    f"{words} waited {SECONDS:.0f} s for a lock of {blockers or 'another session'}: nothing was "
                    "changed; end that transaction, then run the same again."
                ) from None
            time.sleep(PAUSE_SECONDS)


class _Watch:
    """Asks from a second connection who blocks the first one, once the first has waited for most of a try."""

    def __init__(self, database_url: str, pid: int) -> None:
        self.blockers = ""
        self._url, self._pid = database_url, pid
        self._timer = threading.Timer(TRY_SECONDS / 2, self._ask)
        self._timer.daemon = True

    def __enter__(self) -> "_Watch":
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._timer.join()

    def _ask(self) -> None:
        try:
            with connect(self._url) as connection:
                rows = connection.execute("select * from ops.list_blockers(%s)", [self._pid]).fetchall()
        except (psycopg.Error, PrichalError):
            return  # the sentence then names nobody
        self.blockers = " and of ".join(_describe(*row) for row in rows)


def _describe(pid: int, user: str | None, application: str | None, started_at: datetime | None) -> str:
    since = f", in a transaction since {started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if started_at else ""
    return f"{application or 'an application without a name'} (user {user}, pid {pid}{since})"

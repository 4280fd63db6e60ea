"""Retry statements that another session's lock blocks; after 45 s an error names that session."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import psycopg

from stack.errors import PrichalError
from stack.postgres import connect

#: a try waits at most this long for a lock, the next begins after a pause, and no try begins after `MAX_WAIT_SECONDS`.
TRY_SECONDS, PAUSE_SECONDS, MAX_WAIT_SECONDS = 2.0, 0.5, 45.0

Result = TypeVar("Result")


class BlockedError(PrichalError):
    """Another session holds a lock for too long."""


def retry_while_blocked(
    connection: psycopg.Connection, database_url: str, task: str, action: Callable[[], Result]
) -> Result:
    """Run the action, and repeat it while another session's lock blocks it; a blocked try is rolled back.

    Args:
        connection: the connection of the action; a transaction is open or begins here.
        database_url: URL of the same database, to find the blocking session.
        task: name of the action, as the subject of the error's sentence.
        action: runs the statements.

    Raises:
        BlockedError: the lock was not free within 45 s.
    """
    begun_at, blockers = time.monotonic(), ""
    while True:
        try:
            with connection.transaction():
                connection.execute("select set_config('lock_timeout', %s, true)", [f"{TRY_SECONDS}s"])
                with _BlockerQuery(database_url, connection.info.backend_pid) as query:
                    return action()
        except psycopg.errors.LockNotAvailable:
            blockers = query.blockers or blockers
            if time.monotonic() - begun_at > MAX_WAIT_SECONDS:
                raise BlockedError(
                    f"{task} waited {MAX_WAIT_SECONDS:.0f} s for a lock of {blockers or 'another session'}: nothing "
                    "was changed; end that transaction, then run the step again."
                ) from None
            time.sleep(PAUSE_SECONDS)


class _BlockerQuery:
    """Finds, on a second connection, the sessions that block the first one, after half of a try."""

    def __init__(self, database_url: str, pid: int) -> None:
        self.blockers = ""
        self._url, self._pid = database_url, pid
        self._timer = threading.Timer(TRY_SECONDS / 2, self._find_blockers)
        self._timer.daemon = True

    def __enter__(self) -> "_BlockerQuery":
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._timer.join()

    def _find_blockers(self) -> None:
        try:
            with connect(self._url) as connection:
                rows = connection.execute("select * from ops.list_blockers(%s)", [self._pid]).fetchall()
        except (psycopg.Error, PrichalError):
            return  # the error then names no session
        self.blockers = " and of ".join(_describe(*row) for row in rows)


def _describe(pid: int, user: str | None, application: str | None, started_at: datetime | None) -> str:
    since = f", in a transaction since {started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if started_at else ""
    return f"{application or 'an application without a name'} (user {user}, pid {pid}{since})"

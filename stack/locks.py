"""PostgreSQL advisory locks of one connection: they end with the connection, so with the process too."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from stack.errors import PrichalError, ServiceError
from stack.postgres import connect_for_locks

#: SQL of PostgreSQL's number of a lock's name.
_KEY = "hashtextextended(%s, 0)"
#: SQL of the granted locks of this database: PostgreSQL's process id of the session, and the number of the lock.
GRANTED_LOCKS_SQL = """
select pid, (classid::bigint << 32) | objid::bigint as key from pg_locks
where locktype = 'advisory' and objsubid = 1 and granted
  and database = (select oid from pg_database where datname = current_database())
"""


_POLL_SECONDS = 0.3


class BusyError(PrichalError):
    """Another process holds a lock."""


class LostLocksError(ServiceError):
    """PostgreSQL has closed the connection that held this process's locks."""


class Locks:
    """The locks of one process. Acquiring a lock again succeeds, so steps may be nested.

    Args:
        database_url: URL of the database that has the locks.
    """

    def __init__(self, database_url: str) -> None:
        self._connection = connect_for_locks(database_url)

    def close(self) -> None:
        """Release all locks."""
        self._connection.close()

    def check(self) -> None:
        """Check that this process still has its locks.

        Raises:
            LostLocksError: the connection is closed, and the locks with it.
        """
        self._query("select 1")

    def acquire(self, name: str, shared: bool = False) -> bool:
        """Acquire the lock unless another process has it; returns whether this succeeded. Shared locks coexist."""
        return bool(self._query(f"select pg_try_advisory_lock{'_shared' if shared else ''}({_KEY})", name))

    def wait(self, name: str, seconds: float, shared: bool = False) -> bool:
        """Acquire the lock as soon as it is free; returns whether this was in time.

        It polls, because PostgreSQL does not notice that a waiting process was killed.
        """
        deadline = time.monotonic() + seconds
        while not self.acquire(name, shared):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def release(self, name: str) -> None:
        """Release an exclusive lock, once for each time that it was acquired."""
        self._query(f"select pg_advisory_unlock({_KEY})", name)

    @contextmanager
    def exclusive(self, name: str) -> Iterator[bool]:
        """Hold the lock in the block if no other process has it, not even shared; yields whether it was acquired."""
        is_acquired = self.acquire(name)
        try:
            yield is_acquired
        finally:
            if is_acquired:
                self.release(name)

    def find_holder(self, name: str) -> int | None:
        """The PostgreSQL session that holds the lock; None if it is free."""
        session = self._query(f"select min(pid) from ({GRANTED_LOCKS_SQL}) as held where key = {_KEY}", name)
        return None if session is None else int(str(session))

    def _query(self, query: str, *values: str) -> object:
        try:
            row = self._connection.execute(query, values or None).fetchone()
        except psycopg.OperationalError:
            raise LostLocksError(
                "PostgreSQL closed the connection that held this step's locks, so another process may have begun: "
                "nothing more was published; run the step again."
            ) from None
        return row[0] if row else None

"""PostgreSQL's advisory locks, held over one connection: they end with it, so with the process too."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from stack.errors import PrichalError, ServiceError
from stack.postgres import connect_for_locks

#: PostgreSQL's number for the text of a lock's name.
_KEY = "hashtextextended(%s, 0)"
#: SQL of the locks that are held in this database: PostgreSQL's process id of the session, and the lock's number.
HELD = """
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
    """The locks of one process. Asking for one that it holds already succeeds, so steps may be nested.

    Args:
        database_url: of the database in which the locks are.
    """

    def __init__(self, database_url: str) -> None:
        self._connection = connect_for_locks(database_url)

    def close(self) -> None:
        """Free all of them."""
        self._connection.close()

    def check(self) -> None:
        """See that they are still held.

        Raises:
            LostLocksError: the connection is gone, and with it the locks.
        """
        self._ask("select 1")

    def acquire(self, name: str, shared: bool = False) -> bool:
        """Take the lock unless another process has it; whether it is ours now. Many may hold a shared one."""
        return bool(self._ask(f"select pg_try_advisory_lock{'_shared' if shared else ''}({_KEY})", name))

    def wait(self, name: str, seconds: float, shared: bool = False) -> bool:
        """Take the lock as soon as it is free; whether that was in time.

        It is asked for again and again: PostgreSQL would not notice that a process was killed while it waits.
        """
        deadline = time.monotonic() + seconds
        while not self.acquire(name, shared):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def release(self, name: str) -> None:
        """Give an exclusive lock back, once for each time that it was taken."""
        self._ask(f"select pg_advisory_unlock({_KEY})", name)

    @contextmanager
    def exclusive(self, name: str) -> Iterator[bool]:
        """Hold the lock within the block if no other process has it, not even shared; yields whether it is held."""
        is_held = self.acquire(name)
        try:
            yield is_held
        finally:
            if is_held:
                self.release(name)

    def holder(self, name: str) -> int | None:
        """The PostgreSQL session that holds the lock; None if it is free."""
        session = self._ask(f"select min(pid) from ({HELD}) as held where key = {_KEY}", name)
        return None if session is None else int(str(session))

    def _ask(self, query: str, *values: str) -> object:
        try:
            row = self._connection.execute(query, values or None).fetchone()
        except psycopg.OperationalError:
            raise LostLocksError(
                "PostgreSQL closed the connection that held this step's locks, so another process may have begun "
                "meanwhile: nothing more was published; run the same again."
            ) from None
        return row[0] if row else None

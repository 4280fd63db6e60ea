"""Ends a state folder's services and removes the folder once the tests are done with it, or are gone.

A process of its own, `python -m tests.end_to_end.keeper <folder>`: it waits until the other end of its standard input
is closed, which the system does for tests that were killed too.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil

from stack.process import Records, stop

ROOT = Path(__file__).resolve().parents[2]
#: S3 takes some 15 s to close its own connections, which nobody needs any more.
SECONDS = 5


@contextmanager
def stop_with_parent(state: Path) -> Iterator[None]:
    """Nothing that was started with this state outlives the block, or the process that is in it."""
    command = [sys.executable, "-m", "tests.end_to_end.keeper", str(state)]
    keeper = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        assert keeper.stdin is not None
        keeper.stdin.close()
        assert keeper.wait() == 0, "what the tests started could not be ended"


def end(state: Path) -> None:
    """End jobs first, which hold connections, then services, then what was not recorded yet; remove the folder."""
    records = Records(state / "run")
    started = [record for path in records.folder.glob("*.json") if (record := records.read(path.stem)) is not None]
    _kill(state, spared={record.pid for record in started})
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda record: stop(record, SECONDS), started))
    _kill(state, spared=set())
    shutil.rmtree(state, ignore_errors=True)


def _kill(state: Path, spared: set[int]) -> None:
    """End every process that was started with this state, but those and their children."""
    for process in psutil.process_iter():
        try:
            family = {process.pid, *(parent.pid for parent in process.parents())}
            if process.environ().get("PRICHAL_STATE") == str(state) and not family & spared:
                process.kill()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.read()
    end(Path(sys.argv[1]))

"""Names that tell which process on which machine writes a folder, so that only abandoned ones are removed."""

import os
import re
import shutil
import socket
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import psutil

#: Another machine's processes cannot be seen from here: what it wrote counts as abandoned after this time.
FOREIGN_SECONDS = 7 * 24 * 3600
#: A clock that is set while a process runs moves its start time by as much.
CLOCK_SECONDS = 60

#: `<host>-<process id>-<start in milliseconds>`; names of earlier releases hold the process id alone.
_NAME = re.compile(
    r"(?:^|\.)(?:(?P<host>[A-Za-z0-9_-]+)-(?P<pid>\d+)-(?P<started>\d+)|(?P<older_pid>\d+))(?:\.partial)?$"
)


@lru_cache(maxsize=1)
def host_name() -> str:
    """This machine's name, as far as it can be a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_]", "-", socket.gethostname()) or "localhost"


def owner_name() -> str:
    """The name of this process among all processes of all machines; a forked process has its own."""
    pid = os.getpid()
    return f"{host_name()}-{pid}-{round(psutil.Process(pid).create_time() * 1000)}"


def is_abandoned(path: Path) -> bool:
    """Whether the process named at the end of the path's name is gone; False where none is named.

    A process of another machine counts as gone when it has not touched the path for a week.
    """
    owner = _NAME.search(path.name)
    if owner is None:
        return False
    if owner["older_pid"]:
        return not _is_running(int(owner["older_pid"]), None)
    if owner["host"] != host_name():
        return _is_untouched(path)
    return not _is_running(int(owner["pid"]), int(owner["started"]) / 1000)


def remove_abandoned(paths: Iterable[Path]) -> int:
    """Remove the files and folders whose owners are gone; returns how many."""
    gone = [path for path in paths if is_abandoned(path)]
    for path in gone:
        remove(path)
    return len(gone)


def remove(path: Path) -> None:
    """Remove a file or folder, whole or what is left of it; another process may be removing it too."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_running(pid: int, started: float | None) -> bool:
    try:
        process = psutil.Process(pid)
        same = started is None or abs(process.create_time() - started) < CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _is_untouched(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > FOREIGN_SECONDS
    except FileNotFoundError:
        return False

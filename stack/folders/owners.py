"""Names of partial folders with machine and process, so that only folders of ended processes are removed."""

import os
import re
import shutil
import socket
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import psutil

#: processes of other machines are not visible: their folders count as abandoned after this time without a change.
FOREIGN_SECONDS = 7 * 24 * 3600
#: tolerance of start times: they move if the clock is set while a process runs.
CLOCK_SECONDS = 60

#: `<host>-<process id>-<start in milliseconds>`; names of earlier releases have the process id only.
_NAME = re.compile(
    r"(?:^|\.)(?:(?P<host>[A-Za-z0-9_-]+)-(?P<pid>\d+)-(?P<started>\d+)|(?P<older_pid>\d+))(?:\.partial)?$"
)


@lru_cache(maxsize=1)
def host_name() -> str:
    """This machine's name, with characters that are allowed in file names."""
    return re.sub(r"[^A-Za-z0-9_]", "-", socket.gethostname()) or "localhost"


def owner_name() -> str:
    """The name of this process among all processes of all machines; a forked process has its own."""
    pid = os.getpid()
    return f"{host_name()}-{pid}-{round(psutil.Process(pid).create_time() * 1000)}"


def is_abandoned(path: Path) -> bool:
    """Whether the process at the end of the path's name has ended; False without a process in the name.

    A process of another machine counts as ended if the path has not changed for a week.
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
    """Remove the files and folders of ended processes; returns their number."""
    abandoned = [path for path in paths if is_abandoned(path)]
    for path in abandoned:
        remove(path)
    return len(abandoned)


def remove(path: Path) -> None:
    """Remove a file or folder; another process may be removing it at the same time."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_running(pid: int, started: float | None) -> bool:
    try:
        process = psutil.Process(pid)
        is_same = started is None or abs(process.create_time() - started) < CLOCK_SECONDS
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _is_untouched(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > FOREIGN_SECONDS
    except FileNotFoundError:
        return False

"""Background processes that continue after the command that started them."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from stack.errors import PortTakenError, ServiceError
from stack.folders.atomic import replace_text
from stack.settings import child_environment

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Started:
    """A started process: its id, its start time (ids are reused, the pair is not) and its ports."""

    pid: int
    created: float
    ports: dict[str, int]

    @classmethod
    def of(cls, pid: int, ports: dict[str, int]) -> "Started":
        """Describe the running process `pid`."""
        return cls(pid, psutil.Process(pid).create_time(), ports)

    def is_alive(self) -> bool:
        """Whether this process still runs."""
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.created) < 0.01
            return is_same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


class Records:
    """The processes that `make up` started, one JSON file per service; `make down` stops only these."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, service: str) -> Started | None:
        """The record of `service`, running or not; None if it was never started."""
        path = self.folder / f"{service}.json"
        return Started(**json.loads(path.read_text())) if path.exists() else None

    def write(self, service: str, started: Started) -> None:
        """Replace the record of `service`."""
        replace_text(self.folder / f"{service}.json", json.dumps(asdict(started)))


def choose_port(requested: int | None, last: int | None, setting: str) -> int:
    """The requested port, else the last used port if it is free, else any free port.

    Raises:
        PortTakenError: another process uses the requested port.
    """
    if requested is not None:
        if not _is_free(requested):
            raise PortTakenError(
                f"{setting}={requested}: port {requested} is taken by another process; "
                f"free it, choose another, or unset {setting} to get a free one."
            )
        return requested
    if last is not None and _is_free(last):
        return last
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Different ports that no process listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for opened in sockets:
            opened.bind((HOST, 0))
        return [opened.getsockname()[1] for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()


def launch(command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path) -> int:
    """Start `command` in a new session and append its output to `log`; returns the process id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
            env=child_environment(env), start_new_session=True,
        )  # fmt: skip
    return process.pid


def wait_until(answers: Callable[[], bool], alive: Callable[[], bool], what: str, log: Path, seconds: float) -> None:
    """Wait for a service to answer.

    Raises:
        ServiceError: it ended, or did not answer in time; the sentence has its last log line.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answers():
            return
        if not alive():
            raise ServiceError(f"{what} ended while starting: {_last_line(log)} (whole log: {log}).")
        time.sleep(0.1)
    raise ServiceError(f"{what} did not answer within {seconds:.0f} s: {_last_line(log)} (whole log: {log}).")


def stop(started: Started, seconds: float = 60) -> None:
    """End the process and its children; returns when all have ended."""
    if not started.is_alive():
        return
    family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
    os.kill(started.pid, signal.SIGTERM)
    _, remaining = psutil.wait_procs(family, timeout=seconds)
    for process in remaining:
        with suppress(psutil.NoSuchProcess):  # it may end just now
            process.kill()
    psutil.wait_procs(remaining, timeout=5)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:300] if lines else "nothing was logged"

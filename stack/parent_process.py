"""End a step when the `mlflow run` that started it has ended: a retry may have begun.

`mlflow run` starts a step through a shell, which may continue. So the step itself checks its starters.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil

_SHELLS = {"bash", "sh", "dash"}
#: time between two checks of the starters, and time to close the run before the process is ended.
POLL_SECONDS, CLOSE_SECONDS = 0.5, 5.0
#: exit code of a process that was ended by SIGTERM.
TERMINATED = 128 + signal.SIGTERM


class StoppedError(KeyboardInterrupt):
    """This process was stopped; like Ctrl-C, `except Exception` does not catch it."""


def find_starters() -> list[psutil.Process]:
    """The process that started this one; if it is a shell, also the process that started the shell."""
    starters: list[psutil.Process] = []
    process = psutil.Process().parent()
    while process is not None:
        starters.append(process)
        try:
            process = process.parent() if process.name() in _SHELLS else None
        except psutil.NoSuchProcess:
            break
    return starters


#: read at the first import of this module, before the libraries of a step are imported, which takes seconds.
STARTERS = find_starters()


@contextmanager
def stopped_by_signal(watch_parent: bool) -> Iterator[None]:
    """Raise `StoppedError` in the block at SIGTERM and, with `watch_parent`, when the starter has ended.

    Args:
        watch_parent: whether the process must end with the command that started it.
    """
    if threading.current_thread() is not threading.main_thread():  # Python sends signals to the main thread only
        yield
        return
    before, ended = signal.signal(signal.SIGTERM, _stop), threading.Event()
    if watch_parent:
        threading.Thread(target=_stop_with_starters, args=(ended,), daemon=True, name="starters").start()
    try:
        yield
    finally:
        ended.set()
        signal.signal(signal.SIGTERM, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    if all(_is_running(starter) for starter in STARTERS):
        raise StoppedError("stopped by SIGTERM")
    raise StoppedError("stopped because the command that started it has ended")


def _stop_with_starters(ended: threading.Event) -> None:
    while all(_is_running(starter) for starter in STARTERS):
        if ended.wait(POLL_SECONDS):
            return
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(CLOSE_SECONDS)
    if not ended.is_set():
        os._exit(TERMINATED)  # its row stays `running`; the next step closes it


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

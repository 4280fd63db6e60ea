"""A step that `mlflow run` started ends when that is killed: nobody waits for it any more, and a retry may have begun.

`mlflow run` starts a step through a shell, which may stay between the two. Only the step itself can see that the
command is gone.
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
#: how often the parent is looked for, and how long the step may take to close its run before it is ended hard.
POLL_SECONDS, CLOSE_SECONDS = 0.5, 5.0
#: exit code of a process that was ended by SIGTERM.
TERMINATED = 128 + signal.SIGTERM


class StoppedError(KeyboardInterrupt):
    """Somebody stopped this process; like Ctrl-C, no `except Exception` catches it."""


def find_starters() -> list[psutil.Process]:
    """The process that started this one; with a shell between, that shell and who started it."""
    starters: list[psutil.Process] = []
    process = psutil.Process().parent()
    while process is not None:
        starters.append(process)
        try:
            process = process.parent() if process.name() in _SHELLS else None
        except psutil.NoSuchProcess:
            break
    return starters


#: taken when this module is first imported, which is before the libraries of a step are, for those take seconds.
STARTERS = find_starters()


@contextmanager
def stopped_by_signal(watch_parent: bool) -> Iterator[None]:
    """Raise `StoppedError` in the block when the process is told to end, or, if wanted, when its starter is gone.

    Args:
        watch_parent: whether the process belongs to the command that started it.
    """
    if threading.current_thread() is not threading.main_thread():  # Python hands signals to the main thread only
        yield
        return
    before, ended = signal.signal(signal.SIGTERM, _stop), threading.Event()
    if watch_parent:
        threading.Thread(target=_watch, args=(ended,), daemon=True, name="parent watch").start()
    try:
        yield
    finally:
        ended.set()
        signal.signal(signal.SIGTERM, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    if all(_is_running(starter) for starter in STARTERS):
        raise StoppedError("stopped by SIGTERM")
    raise StoppedError("stopped, for the command that started it is gone")


def _watch(ended: threading.Event) -> None:
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

"""How much memory a process and all that it starts hold at most."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping

import psutil

from stack.settings import ROOT


def peak(*arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `python -m` with these arguments; the bytes that were resident at most, and what it printed.

    Raises:
        SystemExit: it failed.
    """
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as child:
        most, watched, out = 0, psutil.Process(child.pid), list[str]()
        reader = threading.Thread(target=lambda: out.append(child.stdout.read() if child.stdout else ""))
        reader.start()
        while child.poll() is None:
            most = max(most, _resident(watched))
            time.sleep(0.2)
        reader.join()
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} failed.")
    return most, out[0]


def _resident(process: psutil.Process) -> int:
    try:
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0

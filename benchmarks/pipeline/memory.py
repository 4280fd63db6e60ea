"""Peak memory of a process and of all its children."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping

import psutil

from stack.settings import ROOT


def run_and_measure_peak(*arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `python -m` with these arguments; returns the peak of resident bytes and the printed text.

    Raises:
        SystemExit: the process failed.
    """
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as child:
        peak_bytes, process, out = 0, psutil.Process(child.pid), list[str]()
        reader = threading.Thread(target=lambda: out.append(child.stdout.read() if child.stdout else ""))
        reader.start()
        while child.poll() is None:
            peak_bytes = max(peak_bytes, _resident_bytes(process))
            time.sleep(0.2)
        reader.join()
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} failed.")
    return peak_bytes, out[0]


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return sum(member.memory_info().rss for member in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0

"""Tests that are killed leave no service, no job and no folder behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.conftest import ROOT

#: a process in a session of its own, as services are; `recorded` as `make up` does it, or not yet.
SERVICE = """
import signal, sys
from pathlib import Path
from stack.process import Records, Started, launch
from tests.end_to_end.keeper import stop_with_parent
state = Path(sys.argv[1])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # services have no parent that would have to fetch them
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
with stop_with_parent(state):
    pids = [launch(["sleep", "300"], state / "log", {"PRICHAL_STATE": str(state)}, state) for _ in range(2)]
    Records(state / "run").write("recorded", Started.of(pids[0], {}))
    print(*pids, flush=True)
    if sys.argv[2] == "wait":
        sys.stdin.read()
"""


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None], ids=str)
def test_services_end_with_the_process_that_started_them(tmp_path: Path, ending: signal.Signals | None) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "run").mkdir()
    tests = subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(state), "wait" if ending else "end"], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert tests.stdout is not None
    pids = [int(pid) for pid in tests.stdout.readline().split()]
    assert len(pids) == 2
    if ending is not None:
        assert all(map(runs, pids))
        os.killpg(tests.pid, ending)
    tests.wait(timeout=60)
    deadline = time.monotonic() + 60
    while state.exists() or any(map(runs, pids)):
        assert time.monotonic() < deadline, "something was left"
        time.sleep(0.05)

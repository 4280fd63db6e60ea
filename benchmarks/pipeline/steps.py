"""Where the seconds of a morning go that follows from the day before: by step, on both engines."""

import statistics
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.pipeline.mornings import (
    EVENTS,
    HISTORY,
    MORNINGS,
    USERS,
)
from benchmarks.speed.lake import SPEC, publish
from benchmarks.speed.log import write_log
from benchmarks.speed.spark import session
from benchmarks.speed.task import FIRST_DAY, THREADS
from features import DuckEngine, Engine, Snapshots, SparkEngine

#: last part of the folder that an engine writes -> what a person calls the step.
STEPS = {"partials": "partials of the new day", "states": "states of all users", "snapshots": "features and labels"}


class Watched:
    """An engine that remembers how long it wrote, and which step it was."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.seconds = engine, defaultdict[str, float](float)

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._engine, name)
        return self._timed(act) if name in {"save", "write"} else act

    def _timed(self, act: Any) -> Any:
        def timed(sql: str, folder: Path, *more: str) -> None:
            began = time.monotonic()
            act(sql, folder, *more)
            step = next((said for part, said in STEPS.items() if part in str(folder)), "others")
            self.seconds[step] += time.monotonic() - began

        return timed


def main() -> None:
    """Print the steps of the mornings after the first two, median seconds and their share of the whole."""
    with tempfile.TemporaryDirectory() as folder:
        scratch, days = Path(folder), HISTORY + MORNINGS
        write_log(scratch / "log", EVENTS * days // HISTORY, USERS, days, seed=1)
        print(f"\n{EVENTS:,} events of {USERS:,} users in {HISTORY} days; a morning from the day before, seconds\n")
        for engine in (DuckEngine("UTC", THREADS), SparkEngine(session(scratch))):
            _told(engine, scratch / engine.name, scratch / "log")


def _told(engine: Engine, lake: Path, log: Path) -> None:
    mornings = []
    for number in range(MORNINGS + 1):
        today = FIRST_DAY + timedelta(days=HISTORY + number)
        publish(lake, log, today)
        watched, began = Watched(engine), time.monotonic()
        Snapshots(lake, SPEC).build(lambda on=watched: on, [today])  # type: ignore[misc]
        whole = time.monotonic() - began
        mornings.append({**watched.seconds, "reading what is there": whole - sum(watched.seconds.values())})
    follow = mornings[2:]
    whole = statistics.median(sum(one.values()) for one in follow)
    print(f"{engine.name:10}{'a morning':34}{whole:8.2f}")
    for step in follow[0]:
        seconds = statistics.median(one[step] for one in follow)
        print(f"{'':10}{step:34}{seconds:8.2f}{seconds / whole:8.0%}", flush=True)

"""Seconds of a daily update by step, on both engines."""

import statistics
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.pipeline.daily_update import EVENTS, HISTORY, UPDATE_COUNT, USERS
from benchmarks.speed.lake import SPEC, publish
from benchmarks.speed.log import write_log
from benchmarks.speed.spark import session
from benchmarks.speed.task import FIRST_DAY, THREADS
from features import DuckEngine, Engine, Snapshots, SparkEngine

#: part of the path that an engine writes -> name of the step.
STEPS = {"partials": "partials of the new day", "states": "states of all users", "snapshots": "features and labels"}


class TimedEngine:
    """An engine that records the seconds of its writes, by step."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.seconds = engine, defaultdict[str, float](float)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._engine, name)
        return self._timed(method) if name in {"save", "write"} else method

    def _timed(self, method: Any) -> Any:
        def timed(sql: str, folder: Path, *more: str) -> None:
            began = time.monotonic()
            method(sql, folder, *more)
            step = next((title for part, title in STEPS.items() if part in str(folder)), "others")
            self.seconds[step] += time.monotonic() - began

        return timed


def main() -> None:
    """Print the steps of the updates after the first two days: median seconds and their share of the total."""
    with tempfile.TemporaryDirectory() as folder:
        scratch, days = Path(folder), HISTORY + UPDATE_COUNT
        write_log(scratch / "log", EVENTS * days // HISTORY, USERS, days, seed=1)
        print(f"\n{EVENTS:,} events of {USERS:,} users in {HISTORY} days; a daily update, seconds\n")
        for engine in (DuckEngine("UTC", THREADS), SparkEngine(session(scratch))):
            _print_steps(engine, scratch / engine.name, scratch / "log")


def _print_steps(engine: Engine, lake: Path, log: Path) -> None:
    daily_seconds = []
    for number in range(UPDATE_COUNT + 1):
        today = FIRST_DAY + timedelta(days=HISTORY + number)
        publish(lake, log, today)
        timed_engine, began = TimedEngine(engine), time.monotonic()
        Snapshots(lake, SPEC).build(lambda on=timed_engine: on, [today])  # type: ignore[misc]
        whole = time.monotonic() - began
        reading = whole - sum(timed_engine.seconds.values())
        daily_seconds.append({**timed_engine.seconds, "reading existing files": reading})
    warm_days = daily_seconds[2:]
    whole = statistics.median(sum(seconds.values()) for seconds in warm_days)
    print(f"{engine.name:10}{'a daily update':34}{whole:8.2f}")
    for step in warm_days[0]:
        seconds = statistics.median(by_step[step] for by_step in warm_days)
        print(f"{'':10}{step:34}{seconds:8.2f}{seconds / whole:8.0%}", flush=True)

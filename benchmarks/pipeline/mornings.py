"""Many dates in one pass against one date, and a morning that follows from the day before against a whole one."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from benchmarks.speed.lake import SPEC, publish
from benchmarks.speed.log import write_log
from benchmarks.speed.spark import session
from benchmarks.speed.task import FIRST_DAY, THREADS
from features import DuckEngine, Engine, Snapshots, SparkEngine, monthly

EVENTS, USERS, HISTORY = 20_000_000, 200_000, 180
MORNINGS = 4
ROUNDS = 3


def main() -> None:
    """Print both on both engines."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        engines: tuple[Engine, ...] = (DuckEngine("UTC", THREADS), SparkEngine(session(scratch)))
        print(f"\n{EVENTS:,} events of {USERS:,} users in {HISTORY} days, {len(SPEC.features)} features; seconds\n")
        costs: dict[str, list[float]] = {engine.name: [] for engine in engines}
        for history in (HISTORY, 2 * HISTORY):
            log, lake = scratch / f"log{history}", scratch / f"lake{history}"
            days = history + MORNINGS
            write_log(log, EVENTS * days // HISTORY, USERS, days, seed=1)
            for engine in engines:
                costs[engine.name].append(_mornings(engine, lake, log, history))
                if history > HISTORY:
                    _dates(engine, lake, history)
                shutil.rmtree(lake)
        for name, (once, twice) in costs.items():
            print(f"{name:10}a morning with twice the history: {twice / once:.2f} times one with {HISTORY} days")


def _mornings(engine: Engine, lake: Path, log: Path, history: int) -> float:
    """Seconds of a morning that follows from the one before, next to those of the same morning from all rows."""
    steps, first = [], FIRST_DAY + timedelta(days=history)
    for number in range(MORNINGS + 1):
        today = first + timedelta(days=number)
        publish(lake, log, today)
        snapshots = Snapshots(lake, SPEC)
        steps.append(_timed(lambda on=today, of=snapshots: of.build(lambda: engine, [on])))  # type: ignore[misc]
    whole = [_backfill(engine, lake, [today]) for _ in range(ROUNDS + 1)][1:]
    follows = steps[2:]  # the first makes all partials, the second is the first of its kind
    ratio = statistics.median(follows) / statistics.median(whole)
    print(
        f"{engine.name:10}{history} days: first morning of all {steps[0]:.2f}, from all rows {_span(whole)}, "
        f"from the day before {_span(follows)}: {ratio:.3f} of it",
        flush=True,
    )
    return statistics.median(follows)


def _dates(engine: Engine, lake: Path, history: int) -> None:
    last = FIRST_DAY + timedelta(days=history)
    dates = [*monthly(FIRST_DAY + timedelta(days=1), last)[-11:], last]
    one = [_backfill(engine, lake, [last]) for _ in range(ROUNDS)]
    many = [_backfill(engine, lake, dates) for _ in range(ROUNDS)]
    ratio = statistics.median(many) / statistics.median(one)
    print(
        f"{engine.name:10}{len(dates)} dates in one pass {_span(many)}, one {_span(one)}: {ratio:.2f} times", flush=True
    )


def _backfill(engine: Engine, lake: Path, dates: list[date]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return _timed(lambda: Snapshots(lake, SPEC).backfill(engine, dates, Path(folder)))


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _span(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f})"

"""Twelve dates in one pass compared with one date, and a daily update compared with a computation from all rows."""

import shutil
import statistics
import tempfile
from datetime import date, timedelta
from pathlib import Path

from benchmarks.speed.lake import SPEC, publish
from benchmarks.speed.log import write_log
from benchmarks.speed.spark import session
from benchmarks.speed.task import FIRST_DAY, THREADS
from benchmarks.timing import elapsed_seconds
from features import DuckEngine, Engine, Snapshots, SparkEngine, monthly

EVENTS, USERS, HISTORY = 20_000_000, 200_000, 180
UPDATE_COUNT = 4
ROUNDS = 3


def main() -> None:
    """Print both comparisons on both engines."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        engines: tuple[Engine, ...] = (DuckEngine("UTC", THREADS), SparkEngine(session(scratch)))
        print(f"\n{EVENTS:,} events of {USERS:,} users in {HISTORY} days, {len(SPEC.features)} features; seconds\n")
        costs: dict[str, list[float]] = {engine.name: [] for engine in engines}
        for history in (HISTORY, 2 * HISTORY):
            log, lake = scratch / f"log{history}", scratch / f"lake{history}"
            days = history + UPDATE_COUNT
            write_log(log, EVENTS * days // HISTORY, USERS, days, seed=1)
            for engine in engines:
                costs[engine.name].append(_time_daily_updates(engine, lake, log, history))
                if history > HISTORY:
                    _time_date_ranges(engine, lake, history)
                shutil.rmtree(lake)
        for name, (once, twice) in costs.items():
            print(f"{name:10}a daily update with twice the history: {twice / once:.2f} times that with {HISTORY} days")


def _time_daily_updates(engine: Engine, lake: Path, log: Path, history: int) -> float:
    """Print and return the median seconds of a daily update, and print those of the same date from all rows."""
    steps, first = [], FIRST_DAY + timedelta(days=history)
    for number in range(UPDATE_COUNT + 1):
        today = first + timedelta(days=number)
        publish(lake, log, today)
        snapshots = Snapshots(lake, SPEC)
        steps.append(elapsed_seconds(lambda on=today, of=snapshots: of.build(lambda: engine, [on])))  # type: ignore[misc]
    rebuilds = [_backfill(engine, lake, [today]) for _ in range(ROUNDS + 1)][1:]
    updates = steps[2:]  # the first builds all partial aggregates, the second warms up
    ratio = statistics.median(updates) / statistics.median(rebuilds)
    print(
        f"{engine.name:10}{history} days: first date {steps[0]:.2f}, from all rows {_span(rebuilds)}, "
        f"from the day before {_span(updates)}: {ratio:.3f} of it",
        flush=True,
    )
    return statistics.median(updates)


def _time_date_ranges(engine: Engine, lake: Path, history: int) -> None:
    last = FIRST_DAY + timedelta(days=history)
    dates = [*monthly(FIRST_DAY + timedelta(days=1), last)[-11:], last]
    single = [_backfill(engine, lake, [last]) for _ in range(ROUNDS)]
    several = [_backfill(engine, lake, dates) for _ in range(ROUNDS)]
    ratio = statistics.median(several) / statistics.median(single)
    print(
        f"{engine.name:10}{len(dates)} dates in one pass {_span(several)}, one {_span(single)}: {ratio:.2f} times",
        flush=True,
    )


def _backfill(engine: Engine, lake: Path, dates: list[date]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return elapsed_seconds(lambda: Snapshots(lake, SPEC).backfill(engine, dates, Path(folder)))


def _span(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f})"

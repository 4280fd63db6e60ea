"""Time every contender in turn on one simulated log, then other libraries on a smaller log."""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from benchmarks.speed import duck, others, ours, spark
from benchmarks.speed.compare import compare
from benchmarks.speed.log import write_log
from benchmarks.speed.task import FIRST_DAY, NAMES, THREADS, Contender, Task

ROUNDS = 3
SEED = 1
#: functions that build the contenders for a task and a scratch folder. The first contender is the reference.
FACTORIES: tuple[Callable[[Task, Path], Sequence[Contender]], ...] = (
    duck.contenders,
    spark.contenders,
    ours.contenders,
)


def main(events: int = 20_000_000, users: int = 200_000, days: int = 180) -> None:
    """Print seconds and ratios, and whether all results agree."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        task = Task(scratch / "log", FIRST_DAY + timedelta(days=days))
        write_log(task.log, events, users, days, SEED)
        print(
            f"\n{len(NAMES)} features of every user at {task.as_of}, from {events:,} events of {users:,} users over "
            f"{days} days\n{THREADS} threads, from Parquet files, warm; seconds, median of {ROUNDS} rounds taken in "
            "turn\n",
            flush=True,
        )
        contenders = [contender for factory in FACTORIES for contender in factory(task, scratch)]
        _print_seconds(_measure_seconds(contenders))
        _print_comparison(contenders, scratch / "results")
    others.main()


def _measure_seconds(contenders: Sequence[Contender]) -> dict[str, list[float]]:
    """Seconds of every round after a first round, which fills caches and compiles code."""
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for contender in contenders:
        contender.prepare()
    for _ in range(1 + ROUNDS):
        for contender in contenders:
            began = time.monotonic()
            contender.run()
            seconds[contender.name].append(time.monotonic() - began)
    return {name: rounds[1:] for name, rounds in seconds.items()}


def _print_seconds(seconds: dict[str, list[float]]) -> None:
    best = statistics.median(next(iter(seconds.values())))
    for name, rounds in seconds.items():
        median = statistics.median(rounds)
        span = f"{min(rounds):.2f}-{max(rounds):.2f}"
        print(f"{name:44}{median:8.2f}{span:>16}{median / best:8.2f} times", flush=True)


def _print_comparison(contenders: Sequence[Contender], target: Path) -> None:
    target.mkdir()
    first, *rest = contenders
    reference = target / "0.parquet"
    first.result(reference)
    print(f"\nagainst {first.name}, row by row\n")
    for number, contender in enumerate(rest, start=1):
        result = target / f"{number}.parquet"
        contender.result(result)
        print(f"{contender.name:44}{compare(reference, result)}", flush=True)

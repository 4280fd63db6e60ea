"""Every contender on one simulated log, in turn; then other libraries on a smaller one."""

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
#: who takes part: each makes its contenders for a task and a folder they may write in. The first contender of the
#: first is what all are measured against.
MAKERS: tuple[Callable[[Task, Path], Sequence[Contender]], ...] = (
    duck.contenders,
    spark.contenders,
    ours.contenders,
)


def main(events: int = 20_000_000, users: int = 200_000, days: int = 180) -> None:
    """Print seconds and ratios, and whether all made the same numbers."""
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
        contenders = [contender for make in MAKERS for contender in make(task, scratch)]
        _print_seconds(_measured(contenders))
        _print_comparison(contenders, scratch / "results")
    others.main()


def _measured(contenders: Sequence[Contender]) -> dict[str, list[float]]:
    """Seconds of every round after one that warms up, in which files are cached and code is compiled."""
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
    hand = target / "0.parquet"
    first.result(hand)
    print(f"\nagainst {first.name}, row by row\n")
    for number, contender in enumerate(rest, start=1):
        result = target / f"{number}.parquet"
        contender.result(result)
        print(f"{contender.name:44}{compare(hand, result)}", flush=True)

"""Two other feature libraries on the same users, rows and windows, in temporary environments."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from benchmarks.speed import duck, ours
from benchmarks.speed.compare import compare
from benchmarks.speed.forms import segments
from benchmarks.speed.log import write_log
from benchmarks.speed.task import FIRST_DAY, NAMES, WINDOWS, Contender, Task

EVENTS, USERS, DAYS = 1_000_000, 10_000, 180
ROUNDS = 3
#: what is timed for each library; the handwritten SQL is timed from the files to the result.
TIMED = {"feast": "look-up of rows made before", "featuretools": "rows in memory"}
#: installed packages. woodwork, which featuretools needs, requires pkg_resources of an older setuptools and does not
#: work with pandas 3.
REQUIREMENTS = {"feast": ("feast",), "featuretools": ("featuretools", "pandas<3", "pyarrow", "setuptools<81")}


def main() -> None:
    """Print the seconds of both libraries, relative to the handwritten SQL on the same rows."""
    print(f"\nothers on {EVENTS:,} events of {USERS:,} users over {DAYS} days; seconds, median of {ROUNDS} rounds\n")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        write_log(scratch / "log", EVENTS, USERS, DAYS, seed=2)
        task = Task(scratch / "log", FIRST_DAY + timedelta(days=DAYS))
        contender = duck.contenders(task, scratch)[0]
        reference = _time_contender(contender, scratch / "hand.parquet")
        print(f"{contender.name:44}{reference:8.2f}")
        our_seconds = [_time_ours(contender, scratch / "hand.parquet", scratch / f"own{position}.parquet")
               for position, contender in enumerate(ours.contenders(task, scratch))]  # fmt: skip
        print(f"{'  feature rows of every day, for Feast':44}{_feature_rows(task, scratch):8.2f}", flush=True)
        for library in REQUIREMENTS:
            _print_library(library, task, scratch, reference, our_seconds)


def _time_ours(contender: Contender, reference: Path, target: Path) -> float:
    seconds = _time_contender(contender, target)
    print(f"{contender.name:44}{seconds:8.2f}\n  {compare(reference, target)}", flush=True)
    return seconds


def _time_contender(contender: Contender, target: Path) -> float:
    seconds = []
    contender.prepare()
    for _ in range(ROUNDS + 1):
        began = time.monotonic()
        contender.run()
        seconds.append(time.monotonic() - began)
    contender.result(target)
    return statistics.median(seconds[1:])


def _feature_rows(task: Task, scratch: Path) -> float:
    """Write the values of every user on every day, and the list of users; returns the seconds for the values."""
    connection = duck.connect()
    began = time.monotonic()
    for day in range(1, DAYS + 1):
        daily_task = Task(task.log, FIRST_DAY + timedelta(days=day))
        insert = "create table rows as" if day == 1 else "insert into rows"
        numbers = segments(daily_task, duck.dialect(daily_task))
        connection.execute(f"{insert} select timestamptz '{daily_task.instant()}' as as_of, * from ({numbers})")
    connection.execute(f"copy rows to '{scratch / 'rows.parquet'}' (format parquet)")
    seconds = time.monotonic() - began
    connection.execute(
        f"copy (select user_id from '{scratch / 'hand.parquet'}') to '{scratch / 'users.parquet'}' (format parquet)"
    )
    return seconds


def _print_library(library: str, task: Task, scratch: Path, reference: float, our_seconds: list[float]) -> None:
    try:
        answer = _run_library(library, task, scratch)
    except subprocess.CalledProcessError as error:
        message = (error.stderr or "nothing").strip().splitlines()[-1].strip().rstrip(".")
        print(f"{library} is skipped: {Path(error.cmd[0]).name} failed with {message}.")
        return
    measured = answer["seconds"][1:]  # the first round fills caches
    seconds = statistics.median(measured)
    span = f"{min(measured):.2f}-{max(measured):.2f}"
    name = f"{library} {answer['release']}, {TIMED[library]}"
    print(f"{name:44}{seconds:8.2f}{span:>16}{seconds / reference:8.2f} times by hand, "
          f"{' and '.join(f'{seconds / value:.2f}' for value in our_seconds)} times ours")  # fmt: skip
    print(f"  {compare(scratch / 'hand.parquet', scratch / library / 'values.parquet')}", flush=True)


def _run_library(library: str, task: Task, scratch: Path) -> dict[str, Any]:
    """Create the environment, run the script in it, and read its answer.

    Raises:
        CalledProcessError: the environment cannot be created, or the script failed.
    """
    folder = scratch / library
    folder.mkdir()
    python = folder / "environment" / "bin" / "python"
    _run(find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(folder / "environment"))
    _run(find_uv_bin(), "pip", "install", "--quiet", "--python", str(python), *REQUIREMENTS[library])
    job = {
        "log": str(task.log),
        "as_of": str(task.as_of),
        "windows": WINDOWS,
        "names": NAMES,
        "rounds": ROUNDS + 1,
        "rows": str(scratch / "rows.parquet"),
        "users": str(scratch / "users.parquet"),
        "scratch": str(folder),
        "values": str(folder / "values.parquet"),
        "answer": str(folder / "answer.json"),
    }
    (folder / "job.json").write_text(json.dumps(job))
    _run(str(python), "-W", "ignore", str(Path(__file__).with_name(f"with_{library}.py")), str(folder / "job.json"))
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return answer


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)

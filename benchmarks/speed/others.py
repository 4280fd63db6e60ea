"""Two other feature libraries on the same users, rows and windows, in environments that are thrown away."""

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
#: what the seconds of each are of; those of the SQL by hand are from the files to the numbers.
TIMED = {"feast": "look-up of rows made before", "featuretools": "rows in memory"}
#: what is installed for each; featuretools' dependency woodwork needs the pkg_resources of an older setuptools and does
#: not work with pandas 3.
NEEDED = {"feast": ("feast",), "featuretools": ("featuretools", "pandas<3", "pyarrow", "setuptools<81")}


def main() -> None:
    """Print both, each next to the SQL by hand on the very same rows."""
    print(f"\nothers on {EVENTS:,} events of {USERS:,} users over {DAYS} days; seconds, median of {ROUNDS} rounds\n")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        write_log(scratch / "log", EVENTS, USERS, DAYS, seed=2)
        task = Task(scratch / "log", FIRST_DAY + timedelta(days=DAYS))
        best = duck.contenders(task, scratch)[0]
        hand = _hand(best, scratch / "hand.parquet")
        print(f"{best.name:44}{hand:8.2f}")
        own = [_own(one, scratch / "hand.parquet", scratch / f"own{place}.parquet")
               for place, one in enumerate(ours.contenders(task, scratch))]  # fmt: skip
        print(f"{'  feature rows of every day, for Feast':44}{_feature_rows(task, scratch):8.2f}", flush=True)
        for library in NEEDED:
            _other(library, task, scratch, hand, own)


def _own(one: Contender, hand: Path, target: Path) -> float:
    seconds = _hand(one, target)
    print(f"{one.name:44}{seconds:8.2f}\n  {compare(hand, target)}", flush=True)
    return seconds


def _hand(best: Contender, target: Path) -> float:
    seconds = []
    best.prepare()
    for _ in range(ROUNDS + 1):
        began = time.monotonic()
        best.run()
        seconds.append(time.monotonic() - began)
    best.result(target)
    return statistics.median(seconds[1:])


def _feature_rows(task: Task, scratch: Path) -> float:
    """Write every user's numbers at every day of the log, and everybody to be asked for; how long the rows took."""
    connection = duck.connect()
    began = time.monotonic()
    for day in range(1, DAYS + 1):
        then = Task(task.log, FIRST_DAY + timedelta(days=day))
        insert = "create table rows as" if day == 1 else "insert into rows"
        numbers = segments(then, duck.words(then))
        connection.execute(f"{insert} select timestamptz '{then.instant()}' as as_of, * from ({numbers})")
    connection.execute(f"copy rows to '{scratch / 'rows.parquet'}' (format parquet)")
    seconds = time.monotonic() - began
    connection.execute(
        f"copy (select user_id from '{scratch / 'hand.parquet'}') to '{scratch / 'users.parquet'}' (format parquet)"
    )
    return seconds


def _other(library: str, task: Task, scratch: Path, hand: float, own: list[float]) -> None:
    try:
        answer = _asked(library, task, scratch)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "nothing").strip().splitlines()[-1].strip().rstrip(".")
        print(f"{library} is left out: {Path(error.cmd[0]).name} said {said}.")
        return
    measured = answer["seconds"][1:]  # the first warmed it up
    seconds = statistics.median(measured)
    span = f"{min(measured):.2f}-{max(measured):.2f}"
    name = f"{library} {answer['release']}, {TIMED[library]}"
    print(f"{name:44}{seconds:8.2f}{span:>16}{seconds / hand:8.2f} times by hand, "
          f"{' and '.join(f'{seconds / one:.2f}' for one in own)} times ours")  # fmt: skip
    print(f"  {compare(scratch / 'hand.parquet', scratch / library / 'values.parquet')}", flush=True)


def _asked(library: str, task: Task, scratch: Path) -> dict[str, Any]:
    """Make the environment, run the script there, and read what it wrote.

    Raises:
        CalledProcessError: the environment cannot be made, or the script failed.
    """
    own = scratch / library
    own.mkdir()
    python = own / "environment" / "bin" / "python"
    _run(find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(own / "environment"))
    _run(find_uv_bin(), "pip", "install", "--quiet", "--python", str(python), *NEEDED[library])
    job = {
        "log": str(task.log),
        "as_of": str(task.as_of),
        "windows": WINDOWS,
        "names": NAMES,
        "rounds": ROUNDS + 1,
        "rows": str(scratch / "rows.parquet"),
        "users": str(scratch / "users.parquet"),
        "scratch": str(own),
        "values": str(own / "values.parquet"),
        "answer": str(own / "answer.json"),
    }
    (own / "job.json").write_text(json.dumps(job))
    _run(str(python), "-W", "ignore", str(Path(__file__).with_name(f"with_{library}.py")), str(own / "job.json"))
    answer: dict[str, Any] = json.loads((own / "answer.json").read_text())
    return answer


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)

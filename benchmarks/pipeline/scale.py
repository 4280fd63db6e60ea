"""Time, peak memory and shuffled bytes of the features of one date, at one, two and four times the data."""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.pipeline.memory import run_and_measure_peak
from benchmarks.speed.lake import SPEC, publish
from benchmarks.speed.log import write_log
from benchmarks.speed.spark import session, settings
from benchmarks.speed.task import FIRST_DAY, THREADS
from features import DuckEngine, Engine, Snapshots, SparkEngine
from stack.settings import ROOT

EVENTS, USERS, DAYS = 10_000_000, 100_000, 180
TIMES = (1, 2, 4)
ENGINES = ("duckdb", "spark")


def main() -> None:
    """Print one line per engine and size."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        print(
            f"\n{len(SPEC.features)} features of one date, {DAYS} days, {THREADS} threads, driver memory "
            f"{settings(scratch).driver_memory}; a process each, the second of two runs\n"
        )
        for times in TIMES:
            log, lake = scratch / f"log{times}", scratch / f"lake{times}"
            write_log(log, EVENTS * times, USERS * times, DAYS, seed=1)
            publish(lake, log, FIRST_DAY + timedelta(days=DAYS))
            shutil.rmtree(log)
            for engine in ENGINES:
                _print(engine, times, lake, scratch)
            shutil.rmtree(lake)


def _print(engine: str, times: int, lake: Path, scratch: Path) -> None:
    log_folder = scratch / "events"
    log_folder.mkdir()
    peak_bytes, output = run_and_measure_peak(
        "benchmarks.pipeline.scale",
        engine,
        str(lake),
        environment={**os.environ, **_enable_event_log(scratch, log_folder)},
    )
    shuffled = list(_shuffled(log_folder))
    size, rows = (sum(task[position] for task in shuffled) / 2 for position in (0, 1))
    print(
        f"{engine:8}{EVENTS * times:>12,} events {USERS * times:>9,} users{float(output.split()[-1]):8.2f} s"
        f"{peak_bytes / 1e9:7.2f} GB" + (f"   shuffled {size / 1e6:,.0f} MB, {rows:,.0f} rows" if shuffled else ""),
        flush=True,
    )
    shutil.rmtree(log_folder)


def _enable_event_log(scratch: Path, log_folder: Path) -> dict[str, str]:
    """Environment variables under which Spark writes its event log to `log_folder`."""
    conf = scratch / "conf"
    shutil.copytree(ROOT / "stack" / "engines" / "spark-conf", conf, dirs_exist_ok=True)
    event_log_settings = {
        "enabled": "true",
        "dir": log_folder.as_uri(),
        "rolling.enabled": "false",
        "compress": "false",
    }
    (conf / "spark-defaults.conf").write_text(
        "".join(f"spark.eventLog.{key} {value}\n" for key, value in event_log_settings.items())
    )
    return {"SPARK_CONF_DIR": str(conf)}


def _shuffled(log_folder: Path) -> Iterator[tuple[int, int]]:
    """Bytes and rows that each task wrote for a shuffle."""
    for file in log_folder.iterdir():
        for line in file.read_text().splitlines():
            event = json.loads(line)
            if event["Event"] == "SparkListenerTaskEnd":
                metrics = event["Task Metrics"]["Shuffle Write Metrics"]
                yield metrics["Shuffle Bytes Written"], metrics["Shuffle Records Written"]


def _compute_twice(engine: str, lake: Path) -> None:
    day = FIRST_DAY + timedelta(days=DAYS)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        feature_engine: Engine = DuckEngine("UTC", THREADS) if engine == "duckdb" else SparkEngine(session(scratch))
        for name in ("first", "second"):
            seconds = _timed(feature_engine, lake, day, scratch / name)
    print(seconds)


def _timed(engine: Engine, lake: Path, day: date, folder: Path) -> float:
    began = time.monotonic()
    Snapshots(lake, SPEC).backfill(engine, [day], folder)
    return time.monotonic() - began


if __name__ == "__main__":
    _compute_twice(sys.argv[1], Path(sys.argv[2]))

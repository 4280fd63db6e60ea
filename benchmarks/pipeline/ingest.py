"""Ingest compared with plain Spark on the same simulated files, and its peak memory at one and four times the data."""

import json
import sys
import tempfile
from functools import reduce
from pathlib import Path

from benchmarks.pipeline.memory import run_and_measure_peak
from benchmarks.timing import elapsed_seconds
from lake import Source, Table, ingest, open_raw
from projects import load_project
from stack.engines import spark_session
from stack.settings import Settings

USERS = 20_000
SMALL, LARGE = 10_000, 40_000


def main() -> None:
    """Print the seconds per source and the peaks of memory."""
    with tempfile.TemporaryDirectory() as scratch:
        print(f"\ningest of {USERS:,} simulated subscribers, 18 months; seconds of wall time, warm, source by source\n")
        _print_times(Path(scratch))
    print(f"\npeak resident memory of Python and Java while ingesting (driver memory {Settings().driver_memory})\n")
    peaks = {users: _measure_peak(users) for users in (SMALL, LARGE)}
    for users, (peak_bytes, rows) in peaks.items():
        print(f"{users:>10,} subscribers {rows:>12,} rows {peak_bytes / 1e9:8.2f} GB")
    print(f"\nfour times the data, {peaks[LARGE][0] / peaks[SMALL][0]:.2f} times the memory")


def _print_times(scratch: Path) -> None:
    project, settings = load_project("churn"), Settings(state=scratch / "state", lake=scratch / "lake")
    raw = _simulate(scratch, USERS)
    session = spark_session.session(settings, project.time_zone)
    totals = {"plain": 0.0, "ours": 0.0}
    for round_name, sources in (("warm-up", project.sources[:3]), ("measured", project.sources)):
        for source in sources:
            plain = elapsed_seconds(lambda source=source: _ingest_plainly(session, source, raw, scratch / "plain"))  # type: ignore[misc]
            table = Table(scratch / round_name, project.name, source.name)
            ours = elapsed_seconds(
                lambda source=source, table=table: ingest(  # type: ignore[misc]
                    lambda: session, source, raw, table, time_zone=project.time_zone
                )
            )
            if round_name == "measured":
                totals["plain"] += plain
                totals["ours"] += ours
                print(f"{source.name:16}{plain:8.1f} plain{ours:8.1f} ours {ours / plain:6.2f}", flush=True)
    print(f"{'all':16}{totals['plain']:8.1f} plain{totals['ours']:8.1f} ours {totals['ours'] / totals['plain']:6.2f}")


def _simulate(scratch: Path, users: int) -> Path:
    raw, truth = scratch / "raw", scratch / "truth"
    raw.mkdir()
    truth.mkdir()
    simulate = load_project("churn").simulate
    assert simulate is not None  # noqa: S101  # the cinema has one
    simulate(raw, truth, users=users, months=18, seed=1, say=lambda _: None)
    return raw


def _ingest_plainly(session, source: Source, raw: Path, target: Path) -> None:  # type: ignore[no-untyped-def]
    """Read the same columns with the same types and write them by month, without checks, keys or quarantine."""
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    files = [str(path) for path in sorted(raw.glob(source.files))]
    reader = (
        session.read.option("header", True).option("escape", '"').option("sep", "\t" if source.format == "tsv" else ",")
    )
    if source.format == "parquet":
        frames = [session.read.parquet(*files)]
    elif source.format == "jsonl":
        frames = [session.read.json(files)]
    else:  # headers differ if an export renamed a column
        headers: dict[str, list[str]] = {}
        for file in files:
            with open_raw(Path(file)) as content:
                headers.setdefault(content.readline().decode(), []).append(file)
        frames = [reader.csv(group) for group in headers.values()]
    typed = reduce(DataFrame.unionByName, [frame.select(*_columns(source, frame)) for frame in frames])
    dated = typed.withColumn("event_month", F.date_format(source.event_time, "yyyy-MM"))
    dated.write.mode("overwrite").partitionBy("event_month").parquet(str(target))


def _columns(source: Source, frame):  # type: ignore[no-untyped-def]
    from pyspark.sql import functions as F  # noqa: N812

    for column in source.columns:
        path = next((name for name in column.raw_names if name.split(".")[0] in frame.columns), column.raw_names[0])
        value = F.col(".".join(f"`{part}`" for part in path.split(".")))
        if column.epoch:
            value = F.timestamp_seconds(value.try_cast("bigint"))
        elif column.type != "string":
            value = value.cast("string").try_cast(column.type)
        else:
            value = value.cast("string")
        yield value.alias(column.name)


def _measure_peak(users: int) -> tuple[int, int]:
    """Peak memory in bytes and number of rows of an ingest, in its own process."""
    with tempfile.TemporaryDirectory() as scratch:
        _simulate(Path(scratch), users)
        peak_bytes, output = run_and_measure_peak("benchmarks.pipeline.ingest", scratch)
        return peak_bytes, json.loads(output.splitlines()[-1])


def _ingest_all(scratch: Path) -> None:
    project = load_project("churn")
    settings = Settings(state=scratch / "state", lake=scratch / "lake")
    session = spark_session.session(settings, project.time_zone)
    rows = 0
    for source in project.sources:
        table = Table(settings.lake, project.name, source.name)
        rows += ingest(lambda: session, source, scratch / "raw", table, time_zone=project.time_zone).manifest.rows_in
    print(rows)


if __name__ == "__main__":
    _ingest_all(Path(sys.argv[1]))

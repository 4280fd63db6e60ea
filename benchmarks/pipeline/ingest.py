"""Ingest on DuckDB and on Spark, each compared with the same engine that reads and writes the same files unchecked.

Also the peak memory of both at one and four times the data.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import duckdb

from benchmarks.pipeline.memory import run_and_measure_peak
from benchmarks.timing import elapsed_seconds
from features import DuckEngine, Engine, SparkEngine
from lake import Source, Table, ingest, open_raw
from projects import load_project
from stack.engines import spark_session
from stack.engines.paths import sql_text
from stack.settings import Settings

USERS = 20_000
SMALL, LARGE = 10_000, 40_000
ENGINES = ("duckdb", "spark")


def main() -> None:
    """Print the seconds per source and the peaks of memory."""
    with tempfile.TemporaryDirectory() as scratch:
        print(f"\ningest of {USERS:,} simulated subscribers, 18 months; seconds of wall time, warm, source by source\n")
        _print_times(Path(scratch))
    print(f"\npeak resident memory of all processes while ingesting (driver memory {Settings().driver_memory})\n")
    for name in ENGINES:
        peaks = {users: _measure_peak(users, name) for users in (SMALL, LARGE)}
        for users, (peak_bytes, rows) in peaks.items():
            print(f"{name:8}{users:>10,} subscribers {rows:>12,} rows {peak_bytes / 1e9:8.2f} GB")
        print(f"{name:8}four times the data, {peaks[LARGE][0] / peaks[SMALL][0]:.2f} times the memory")


def _print_times(scratch: Path) -> None:
    project = load_project("churn")
    raw = _simulate(scratch, USERS)
    totals: dict[str, float] = {}
    for name in ENGINES:
        engine = _engine(name, scratch)
        for source in project.sources[:3]:  # warm-up
            _seconds(engine, source, raw, scratch / f"{name}-warm")
        both = [(source, _seconds(engine, source, raw, scratch / name)) for source in project.sources]
        for source, (plain, ours) in both:
            _print_row(f"{name} {source.name}", plain, ours)
        plain, totals[name] = (sum(seconds[place] for _, seconds in both) for place in (0, 1))
        _print_row(f"{name} all", plain, totals[name])
    print(f"Spark takes {totals['spark'] / totals['duckdb']:.2f} times the seconds of DuckDB")


def _seconds(engine: Engine, source: Source, raw: Path, target: Path) -> tuple[float, float]:
    """Seconds of reading and writing a source without checks, and of its ingest."""
    ingest_plainly = _ingest_by_duckdb if engine.name == "duckdb" else _ingest_by_spark
    time_zone = load_project("churn").time_zone
    table = Table(target, "churn", source.name)
    plain = elapsed_seconds(lambda: ingest_plainly(source, raw, target / "plain"))
    return plain, elapsed_seconds(lambda: ingest(lambda: engine, source, raw, table, time_zone=time_zone))


def _print_row(name: str, plain: float, ours: float) -> None:
    print(f"{name:24}{plain:8.1f} plain{ours:8.1f} ours {ours / plain:6.2f}", flush=True)


def _engine(name: str, scratch: Path) -> Engine:
    project = load_project("churn")
    if name == "duckdb":
        return DuckEngine(project.time_zone)
    settings = Settings(state=scratch / "state", lake=scratch / "lake")
    return SparkEngine(spark_session.session(settings, project.time_zone))


def _simulate(scratch: Path, users: int) -> Path:
    raw, truth = scratch / "raw", scratch / "truth"
    raw.mkdir()
    truth.mkdir()
    simulate = load_project("churn").simulate
    assert simulate is not None  # noqa: S101  # the cinema has one
    simulate(raw, truth, users=users, months=18, seed=1, say=lambda _: None)
    return raw


def _ingest_by_duckdb(source: Source, raw: Path, target: Path) -> None:
    """Read the same columns with the same types and write them by month, without checks, keys or quarantine."""
    target.mkdir(parents=True, exist_ok=True)
    files = "[" + ", ".join(sql_text(path) for path in sorted(raw.glob(source.files))) + "]"
    with duckdb.connect() as duck:
        duck.execute("set timezone = ?", [load_project("churn").time_zone])
        if source.format == "parquet":
            rows = f"read_parquet({files}, union_by_name = true)"
        elif source.format == "jsonl":
            rows = f"read_json({files}, format = 'newline_delimited', union_by_name = true)"
        else:
            signs = r"delim = '\t', quote = ''" if source.format == "tsv" else "delim = ',', quote = '\"'"
            rows = f"read_csv({files}, {signs}, header = true, all_varchar = true, union_by_name = true)"
        names = {row[0] for row in duck.execute(f"describe select * from {rows}").fetchall()}
        columns = ", ".join(_duckdb_columns(source, names))
        month = f"strftime({source.event_time}, '%Y-%m') as event_month"
        duck.execute(
            f"copy (select *, {month} from (select {columns} from {rows})) to {sql_text(target / source.name)} "
            "(format parquet, partition_by (event_month), overwrite)"
        )


def _duckdb_columns(source: Source, names: set[str]) -> Iterator[str]:
    kinds = {"string": "varchar", "timestamp": "timestamptz"}
    for column in source.in_files:
        path = next((name for name in column.raw_names if name.split(".")[0] in names), column.raw_names[0])
        value = ".".join(f'"{part}"' for part in path.split("."))
        if source.format in {"csv", "tsv"}:
            value = f"nullif({value}, '')"  # otherwise DuckDB casts while it reads, where a wrong text is an error
        kind = kinds.get(column.type, column.type)
        typed = f"to_timestamp(try_cast({value} as bigint))" if column.epoch else f"try_cast({value} as {kind})"
        yield f"{typed} as {column.name}"


def _ingest_by_spark(source: Source, raw: Path, target: Path) -> None:
    """As `_ingest_by_duckdb`, on Spark."""
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql import functions as F  # noqa: N812

    session = SparkSession.active()
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


def _measure_peak(users: int, engine: str) -> tuple[int, int]:
    """Peak memory in bytes and number of rows of an ingest, in its own process."""
    with tempfile.TemporaryDirectory() as scratch:
        _simulate(Path(scratch), users)
        peak_bytes, output = run_and_measure_peak("benchmarks.pipeline.ingest", scratch, engine)
        return peak_bytes, json.loads(output.splitlines()[-1])


def _ingest_all(scratch: Path, engine_name: str) -> None:
    project, engine, rows = load_project("churn"), _engine(engine_name, scratch), 0
    for source in project.sources:
        table = Table(scratch / "lake", project.name, source.name)
        rows += ingest(lambda: engine, source, scratch / "raw", table, time_zone=project.time_zone).manifest.rows_in
    print(rows)


if __name__ == "__main__":
    _ingest_all(Path(sys.argv[1]), sys.argv[2])

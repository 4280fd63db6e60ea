"""Ingest on DuckDB and on Spark, each compared with the same engine that reads and writes the same files unchecked.

Also the peak memory of both at one and four times the data: of many files, and of a single CSV file.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from benchmarks.pipeline.memory import run_and_measure_peak
from benchmarks.timing import elapsed_seconds
from features import DuckEngine, Engine, SparkEngine
from lake import Column, Source, Table, ingest, open_raw
from projects import load_project
from stack.engines import spark_session
from stack.engines.paths import sql_text
from stack.settings import Settings

USERS = 10_000
SMALL, LARGE = 5_000, 20_000
#: rows of the single CSV file; the larger file has 1 GB.
SMALL_FILE, LARGE_FILE = 3_000_000, 12_000_000
WRITTEN_ROWS = 500_000
ENGINES = ("duckdb", "spark")
PURCHASES = Source(
    name="purchases",
    files="purchases.csv",
    entity="user_id",
    event_time="bought_at",
    columns=(
        Column("user_id", "string", "who"),
        Column("bought_at", "timestamp", "when"),
        Column("product", "string", "what"),
        Column("price", "double", "how much"),
        Column("remark", "string", "a text in quotes, with a separator"),
    ),
)


def main() -> None:
    """Print the seconds per source and the peaks of memory."""
    with tempfile.TemporaryDirectory() as scratch:
        print(f"\ningest of {USERS:,} simulated subscribers, 18 months; seconds of wall time, warm, source by source\n")
        _print_times(Path(scratch))
    print(f"\npeak resident memory of all processes while ingesting (driver memory {Settings().driver_memory})\n")
    _print_peaks("subscribers", (SMALL, LARGE), simulate)
    _print_peaks("rows in one CSV file", (SMALL_FILE, LARGE_FILE), _write_purchases)


def _print_peaks(unit: str, sizes: tuple[int, int], write: Callable[[Path, int], object]) -> None:
    """The peaks of both engines at two sizes of raw data, which `write` makes in a folder."""
    peaks: dict[tuple[str, int], int] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            write(Path(scratch), size)
            raw_bytes = sum(path.stat().st_size for path in (Path(scratch) / "raw").rglob("*") if path.is_file())
            for name in ENGINES:
                peaks[name, size], rows, seconds = _measure_peak(Path(scratch), name)
                print(
                    f"{name:8}{size:>12,} {unit}{raw_bytes / 1e9:8.2f} GB raw{rows:>12,} rows{seconds:8.1f} s"
                    f"{peaks[name, size] / 1e9:8.2f} GB of memory", flush=True,
                )  # fmt: skip
    small, large = sizes
    for name in ENGINES:
        print(f"{name:8}four times the data, {peaks[name, large] / peaks[name, small]:.2f} times the memory")


def _print_times(scratch: Path) -> None:
    project = load_project("churn")
    raw = simulate(scratch, USERS)
    totals: dict[str, float] = {}
    for name in ENGINES:
        engine = make_engine(name, scratch, project.time_zone)
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


def make_engine(name: str, scratch: Path, time_zone: str) -> Engine:
    """The engine of that name, `duckdb` or `spark`, with its files in a scratch folder."""
    if name == "duckdb":
        return DuckEngine(time_zone)
    settings = Settings(state=scratch / "state", lake=scratch / "lake")
    return SparkEngine(spark_session.session(settings, time_zone))


def simulate(scratch: Path, users: int) -> Path:
    """Simulate the cinema for 18 months; returns the folder of its exports, `raw` in the scratch folder."""
    raw, truth = scratch / "raw", scratch / "truth"
    raw.mkdir()
    truth.mkdir()
    simulator = load_project("churn").simulate
    assert simulator is not None  # noqa: S101  # the cinema has one
    simulator(raw, truth, users=users, months=18, seed=1, say=lambda _: None)
    return raw


def _ingest_by_duckdb(source: Source, raw: Path, target: Path) -> None:
    """Read the same columns with the same types and write them by month, without checks, keys or quarantine."""
    target.mkdir(parents=True, exist_ok=True)
    paths = sorted(raw.glob(source.files))
    files = "[" + ", ".join(map(sql_text, paths)) + "]"
    by_name = "" if has_equal_headers(source, paths) else ", union_by_name = true"  # it reads all headers first
    with duckdb.connect() as duck:
        duck.execute("set timezone = ?", [load_project("churn").time_zone])
        if source.format == "parquet":
            rows = f"read_parquet({files}{by_name})"
        elif source.format == "jsonl":
            rows = f"read_json({files}, format = 'newline_delimited'{by_name})"
        else:
            signs = r"delim = '\t', quote = ''" if source.format == "tsv" else "delim = ',', quote = '\"'"
            rows = f"read_csv({files}, {signs}, header = true, all_varchar = true{by_name})"
        names = {row[0] for row in duck.execute(f"describe select * from {rows}").fetchall()}
        columns = ", ".join(_duckdb_columns(source, names))
        month = f"strftime({source.event_time}, '%Y-%m') as event_month"
        duck.execute(
            f"copy (select *, {month} from (select {columns} from {rows})) to {sql_text(target / source.name)} "
            "(format parquet, partition_by (event_month), overwrite)"
        )


def has_equal_headers(source: Source, paths: list[Path]) -> bool:
    """Whether all files have the same columns; JSON lines have no header that could say so."""
    if source.format == "parquet":
        return len({str(parquet.read_schema(path)) for path in paths}) == 1
    return source.format != "jsonl" and len(_files_by_header(paths)) == 1


def _files_by_header(paths: list[Path]) -> dict[bytes, list[str]]:
    headers: dict[bytes, list[str]] = {}
    for path in paths:
        with open_raw(path) as content:
            headers.setdefault(content.readline(), []).append(str(path))
    return headers


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
    paths = sorted(raw.glob(source.files))
    files = [str(path) for path in paths]
    reader = (
        session.read.option("header", True).option("escape", '"').option("sep", "\t" if source.format == "tsv" else ",")
    )
    if source.format == "parquet":
        frames = [session.read.parquet(*files)]
    elif source.format == "jsonl":
        frames = [session.read.json(files)]
    else:  # headers differ if an export renamed a column
        frames = [reader.csv(group) for group in _files_by_header(paths).values()]
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


def _write_purchases(scratch: Path, rows: int) -> None:
    """A CSV file of about 85 bytes a row, in two years, with texts in quotes."""
    random = np.random.default_rng(1)
    (scratch / "raw").mkdir()
    names = [column.name for column in PURCHASES.columns]
    with arrow_csv.CSVWriter(scratch / "raw" / PURCHASES.files, _purchases(random, 0, names).schema) as file:
        for start in range(0, rows, WRITTEN_ROWS):
            file.write(_purchases(random, min(WRITTEN_ROWS, rows - start), names))


def _purchases(random: np.random.Generator, rows: int, names: list[str]) -> pa.Table:
    seconds = 1_700_000_000 + random.integers(0, 730 * 86_400, rows)
    users, products = (random.integers(0, 10**6, rows).astype(str) for _ in range(2))
    remarks = pc.binary_join_element_wise("delivered to the door, product", pa.array(products, pa.string()), " ")
    return pa.table(
        [
            pa.array(users, pa.string()), pa.array(seconds, pa.timestamp("s", "UTC")), pa.array(products, pa.string()),
            pa.array(random.integers(1, 10**5, rows) / 100), remarks,
        ],
        names=names,
    )  # fmt: skip


def _measure_peak(scratch: Path, engine: str) -> tuple[int, int, float]:
    """Peak memory in bytes, rows and seconds of an ingest of the raw folder, in its own process."""
    peak_bytes, output = run_and_measure_peak("benchmarks.pipeline.ingest", str(scratch), engine)
    rows, seconds = json.loads(output.splitlines()[-1])
    return peak_bytes, rows, seconds


def _ingest_all(scratch: Path, engine_name: str) -> None:
    project, engine, rows = load_project("churn"), make_engine(engine_name, scratch, load_project("churn").time_zone), 0
    sources = (PURCHASES,) if (scratch / "raw" / PURCHASES.files).exists() else project.sources
    began = time.monotonic()
    for source in sources:
        table = Table(scratch / engine_name, project.name, source.name)
        rows += ingest(lambda: engine, source, scratch / "raw", table, time_zone=project.time_zone).manifest.rows_in
    print(json.dumps([rows, time.monotonic() - began]))


if __name__ == "__main__":
    _ingest_all(Path(sys.argv[1]), sys.argv[2])

"""The snapshots of both engines from the same exports, compared to the bit, and the seconds of each engine."""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet, types

from benchmarks.pipeline.ingest import ENGINES, make_engine, simulate
from benchmarks.timing import elapsed_seconds
from features import Engine, Snapshots
from lake import Table, ingest
from projects import Project, load_project

USERS = 2_000
#: snapshots before the latest date.
MONTHS = 6


@dataclass(frozen=True)
class Computed:
    """The snapshots of one engine: a folder for each date, and seconds of ingest and of features."""

    folders: dict[date, Path]
    rows_kept: int
    ingest_seconds: float
    feature_seconds: float


def main() -> None:
    """Print columns, rows, different values and the seconds of both engines, for the record shop and the cinema."""
    print(
        f"\nsnapshots of DuckDB and of Spark from the same exports (cinema of {USERS:,} subscribers), compared to the "
        "bit; one run, without the start of Spark\n"
    )
    for name in ("cdnow", "churn"):
        with tempfile.TemporaryDirectory() as scratch:
            project = load_project(name)
            raw = project.raw or simulate(Path(scratch), USERS)
            _print_comparison(project, [_compute(project, raw, Path(scratch), engine) for engine in ENGINES])


def _compute(project: Project, raw: Path, scratch: Path, name: str) -> Computed:
    """Ingest and compute the latest snapshot, as every day does, and those of earlier months, as a training does."""
    engine = make_engine(name, scratch, project.time_zone)
    engine.rows("select 1")  # Spark starts
    lake = scratch / f"lake-{name}"
    began = time.monotonic()
    rows_kept = sum(_ingest(project, engine, raw, lake))
    ingest_seconds = time.monotonic() - began
    snapshots = Snapshots(lake, project.spec)
    months = snapshots.grid(snapshots.coverage.start, snapshots.latest)
    dates = [day for day in months if snapshots.covers(day) and day != snapshots.latest][-MONTHS:]
    seconds = elapsed_seconds(
        lambda: (snapshots.build(lambda: engine, dates), snapshots.build(lambda: engine, [snapshots.latest]))
    )
    return Computed(
        {day: snapshots.path(day) for day in [*dates, snapshots.latest]}, rows_kept, ingest_seconds, seconds
    )


def _ingest(project: Project, engine: Engine, raw: Path, lake: Path) -> list[int]:
    tables = [(source, Table(lake, project.name, source.name)) for source in project.sources]
    return [
        ingest(lambda: engine, source, raw, table, time_zone=project.time_zone).manifest.rows_kept
        for source, table in tables
    ]


def _print_comparison(project: Project, both: Sequence[Computed]) -> None:
    sketches = {feature.name for feature in project.features if getattr(feature, "aggregation", "") == "distinct_about"}
    differences, columns, row_count = Counter[str](), set[str](), 0
    by_duckdb, by_spark = both
    for day, folder in by_duckdb.folders.items():
        entity = project.spec.entity
        first, second = _sorted(folder, entity), _sorted(by_spark.folders[day], entity)
        row_count += first.num_rows
        columns |= set(first.column_names) - sketches
        differences += count_differences(first, second, sketches)
    print(
        f"{project.name}: {len(by_duckdb.folders)} dates, {row_count:,} rows, {len(columns)} columns "
        f"({len(sketches)} sketches not compared), {differences.total()} different values"
    )
    for name, count in differences.most_common(10):
        print(f"  {name}: {count} different values")
    for name, computed in zip(ENGINES, both, strict=True):
        print(
            f"  {name:8}{computed.rows_kept:>12,} rows in the lake, ingest{computed.ingest_seconds:8.1f} s, "
            f"features{computed.feature_seconds:8.1f} s", flush=True,
        )  # fmt: skip


def _sorted(folder: Path, entity: str) -> pa.Table:
    table = parquet.read_table(folder)
    return table.sort_by([(entity, "ascending"), ("population", "ascending")])


def count_differences(first: pa.Table, second: pa.Table, ignored: set[str]) -> Counter[str]:
    """Column -> number of values that are not the same bit by bit; all of them where a column or its type differs.

    >>> count_differences(pa.table({"x": [0.0, None], "y": [1, 2]}), pa.table({"x": [-0.0, None], "y": [1, 2]}), set())
    Counter({'x': 1})
    """
    size, counts = max(first.num_rows, second.num_rows), Counter[str]()
    for name in sorted({*first.column_names, *second.column_names} - ignored):
        has_both = {name} <= {*first.column_names} & {*second.column_names}
        if not has_both or first.num_rows != second.num_rows or first.field(name).type != second.field(name).type:
            counts[name] = size
            continue
        left, right = (_bits(table.column(name)) for table in (first, second))
        is_equal = pc.or_(
            pc.fill_null(pc.equal(left, right), False),
            pc.and_(pc.is_null(left), pc.is_null(right)),
        )
        counts[name] = size - pc.sum(is_equal).as_py() if size else 0
    return +counts


def _bits(values: pa.ChunkedArray) -> pa.Array:
    """The values; floats as the whole numbers that have the same bits, because 0.0 equals -0.0, and NaN not NaN."""
    whole = values.combine_chunks()
    if not types.is_floating(whole.type):
        return whole
    bits = whole.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False).view(np.int64)
    return pa.array(bits, mask=pc.is_null(whole).to_numpy(zero_copy_only=False))

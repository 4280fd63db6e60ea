"""The rows that count: one per key, by the month they happened in."""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from lake.ingest.deduplication import (
    CONTRADICTION,
    FATE,
    ROW,
    passed_over,
)
from lake.ingest.quarantine import located
from lake.source import CONTENT, DROP, HASH, MONTH, Source
from lake.table import Mark, Month, Table, Taken
from stack.engines.paths import spark_path
from stack.folders.atomic import adopt, fresh_partial
from stack.folders.checked_folder import seal

_Origin = tuple[Source, Table, Mapping[str, Mapping[str, Taken]]]


def changed_months(before: Mapping[str, Taken], after: Mapping[str, Taken]) -> set[str]:
    """Months in which a file that is new, replaced or gone has rows."""
    touched = [one for name, one in before.items() if after.get(name) != one]
    touched += [one for name, one in after.items() if before.get(name) != one]
    return {month for one in touched for month in one.months}


def build(
    spark: SparkSession, source: Source, table: Table, files: Mapping[str, Taken], wanted: Iterable[str], mark: str
) -> dict[str, Month]:
    """Write the folders of the wanted months, and of those that share a key with them.

    Args:
        spark: the session.
        source: the declaration.
        table: its batches are read and its months written.
        files: every file that counts.
        wanted: months, such as 2026-03.
        mark: what the declaration and the way of reading hash to.
    """
    batches = _batches(files)
    rows = _sound(spark, table, batches)
    months = _linked(rows, source, set(wanted))
    if not months:
        return {}
    rows = rows.where(F.col(MONTH).isin(*sorted(months)))
    digest = _digest(mark, files)
    partial = fresh_partial(table.folder / "months-made")
    with passed_over(rows, source) as fates:
        kept = rows if fates is None else rows.join(fates.select(ROW), ROW, "left_anti")
        columns = [column.name for column in source.columns]
        kept.select(MONTH, CONTENT, *columns).write.partitionBy(MONTH).parquet(str(partial))
        contradictions = {} if fates is None else _set_aside(rows, fates, (source, table, batches), digest)
    made = {month: Month(digest, contradictions.get(month, 0)) for month in sorted(months)}
    for month, marks in _marks(spark, source, partial).items():
        made[month] = replace(made[month], marks=tuple(marks))
        table.month(month, digest).parent.mkdir(parents=True, exist_ok=True)
        seal(partial / f"{MONTH}={month}")
        adopt(partial / f"{MONTH}={month}", table.month(month, digest))
    shutil.rmtree(partial)
    return made


def _marks(spark: SparkSession, source: Source, folder: Path) -> dict[str, list[Mark]]:
    """The marks of the rows that were written, by month."""
    if not any(folder.glob(f"{MONTH}=*")):
        return {}
    # The upper 40 bits of each hash: the sum of eight million of them still fits.
    content = F.sum(F.shiftright(CONTENT, 24)).alias("content")
    days = [F.to_date(source.event_time).alias("day"), F.to_date(F.expr(source.known_sql)).alias("known")]
    counts = F.count("*").alias("rows")
    found = (
        spark.read.parquet(spark_path(folder)).groupBy(MONTH, *days).agg(counts, content).orderBy(MONTH, "day", "known")
    )
    marks: dict[str, list[Mark]] = defaultdict(list)
    for row in found.collect():
        marks[row[MONTH]].append(Mark(str(row["day"]), str(row["known"]), row["rows"], row["content"]))
    return marks


def _digest(mark: str, files: Mapping[str, Taken]) -> str:
    contents = sorted((name, one.content) for name, one in files.items())
    return hashlib.sha256(repr((mark, contents)).encode()).hexdigest()[:16]


def _batches(files: Mapping[str, Taken]) -> dict[str, dict[str, Taken]]:
    found: dict[str, dict[str, Taken]] = {}
    for name, one in sorted(files.items()):
        found.setdefault(one.batch, {})[name] = one
    return found


def _sound(spark: SparkSession, table: Table, batches: Mapping[str, Mapping[str, Taken]]) -> DataFrame:
    """The typed rows of the files that count, with month, drop, and the place where each came from."""
    parts = []
    for batch, taken in batches.items():
        drops = F.create_map(*[F.lit(part) for one in taken.values() for part in (one.place, one.drop or "")])
        rows = spark.read.parquet(spark_path(table.batch(batch)))
        if "_line" not in rows.columns:  # a batch of an earlier release, which numbered the rows of a task
            rows = rows.withColumns({"_line": F.col("_at.id") % F.lit(2**33) + 1, "_trimmed": F.lit(False)})
        rows = rows.where(F.col("_reason").isNull() & F.col("_file").isin(*[one.place for one in taken.values()]))
        place = F.struct(F.lit(batch).alias("batch"), F.col("_file").alias("file"), F.col("_at.id").alias("id"))
        parts.append(rows.withColumn(DROP, drops[F.col("_file")]).withColumn(ROW, place).drop("_raw", "_reason"))
    return reduce(DataFrame.unionByName, parts)


def _linked(rows: DataFrame, source: Source, wanted: set[str]) -> set[str]:
    """The wanted months and all that are tied to them by a key with rows in both, directly or not."""
    if source.key is None or source.event_time in source.key:
        return wanted
    if {row[0] for row in rows.select(MONTH).distinct().collect()} <= wanted:
        return wanted
    keys = rows.groupBy(HASH).agg(F.sort_array(F.collect_set(MONTH)).alias("months"))
    ties = [set(row[0]) for row in keys.where(F.size("months") > 1).select("months").distinct().collect()]
    found, size = set(wanted), -1
    while len(found) != size:
        size = len(found)
        found |= {month for tie in ties if tie & found for month in tie}
    return found


def _set_aside(rows: DataFrame, fates: DataFrame, origin: _Origin, digest: str) -> dict[str, int]:
    """Keep the rows that contradict each other with file, position and text, and count them by month."""
    source, table, batches = origin
    target = table.quarantine / f"contradictions-{digest}"
    shutil.rmtree(target, ignore_errors=True)
    disagreeing = fates.where(F.col(FATE) == CONTRADICTION)
    counts = {str(row[0]): int(row[1]) for row in disagreeing.groupBy(MONTH).count().collect()}
    if not counts:
        return {}
    wide = rows.join(disagreeing.select(ROW), ROW, "left_semi")
    parts = [
        located(wide.where(F.col(f"{ROW}.batch") == batch), {one.place: name for name, one in taken.items()}, source)
        for batch, taken in batches.items()
    ]  # fmt: skip
    raw = F.to_json(F.struct(*[column.name for column in source.columns]))
    reason = F.lit(f"contradicts another row of its drop with the same {', '.join(source.key or ())}")
    told = reduce(DataFrame.unionByName, parts).select("file", "position", raw.alias("raw"), reason.alias("reason"))
    told.coalesce(1).write.parquet(str(target))
    return counts

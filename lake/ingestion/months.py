"""The rows of a table: one per key, in a folder for the month of the event."""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from lake.ingestion.deduplication import (
    CONTRADICTION,
    RESOLUTION,
    ROW,
    superseded_rows,
)
from lake.ingestion.quarantine import located
from lake.source import CONTENT, DROP, HASH, MONTH, Source
from lake.table import DayChecksum, IngestedFile, Month, Table
from stack.engines.paths import spark_path
from stack.folders.atomic import fresh_partial, publish_directory
from stack.folders.checked_folder import seal

_Origin = tuple[Source, Table, Mapping[str, Mapping[str, IngestedFile]]]


def changed_months(before: Mapping[str, IngestedFile], after: Mapping[str, IngestedFile]) -> set[str]:
    """The months with rows of a new, changed or removed file."""
    touched = [file for name, file in before.items() if after.get(name) != file]
    touched += [file for name, file in after.items() if before.get(name) != file]
    return {month for file in touched for month in file.months}


def build(
    spark: SparkSession,
    source: Source,
    table: Table,
    files: Mapping[str, IngestedFile],
    wanted: Iterable[str],
    declaration_digest: str,
) -> dict[str, Month]:
    """Write the folders of the wanted months, and of all months that share a key with them.

    Args:
        spark: the session.
        source: the declaration.
        table: its batches are read and its months are written.
        files: the files of the table.
        wanted: months, such as 2026-03.
        declaration_digest: hash of the declaration and of the reader's version.
    """
    batches = _batches(files)
    rows = _valid_rows(spark, table, batches)
    months = _months_sharing_keys(rows, source, set(wanted))
    if not months:
        return {}
    rows = rows.where(F.col(MONTH).isin(*sorted(months)))
    digest = _digest(declaration_digest, files)
    partial = fresh_partial(table.folder / "months-made")
    with superseded_rows(rows, source) as superseded:
        rows_kept = rows if superseded is None else rows.join(superseded.select(ROW), ROW, "left_anti")
        columns = [column.name for column in source.columns]
        rows_kept.select(MONTH, CONTENT, *columns).write.partitionBy(MONTH).parquet(str(partial))
        contradictions = (
            {} if superseded is None else _quarantine_contradictions(rows, superseded, (source, table, batches), digest)
        )
    written = {month: Month(digest, contradictions.get(month, 0)) for month in sorted(months)}
    for month, checksums in _day_checksums(spark, source, partial).items():
        written[month] = replace(written[month], checksums=tuple(checksums))
        table.month(month, digest).parent.mkdir(parents=True, exist_ok=True)
        seal(partial / f"{MONTH}={month}")
        publish_directory(partial / f"{MONTH}={month}", table.month(month, digest))
    shutil.rmtree(partial)
    return written


def _day_checksums(spark: SparkSession, source: Source, folder: Path) -> dict[str, list[DayChecksum]]:
    """The checksums of the written rows, by month."""
    if not any(folder.glob(f"{MONTH}=*")):
        return {}
    # The upper 40 bits of each hash: a sum of eight million hashes fits in a bigint.
    content = F.sum(F.shiftright(CONTENT, 24)).alias("content")
    days = [F.to_date(source.event_time).alias("day"), F.to_date(F.expr(source.known_sql)).alias("known")]
    counts = F.count("*").alias("rows")
    counted = (
        spark.read.parquet(spark_path(folder)).groupBy(MONTH, *days).agg(counts, content).orderBy(MONTH, "day", "known")
    )
    checksums: dict[str, list[DayChecksum]] = defaultdict(list)
    for row in counted.collect():
        checksums[row[MONTH]].append(DayChecksum(str(row["day"]), str(row["known"]), row["rows"], row["content"]))
    return checksums


def _digest(declaration_digest: str, files: Mapping[str, IngestedFile]) -> str:
    contents = sorted((name, file.content) for name, file in files.items())
    return hashlib.sha256(repr((declaration_digest, contents)).encode()).hexdigest()[:16]


def _batches(files: Mapping[str, IngestedFile]) -> dict[str, dict[str, IngestedFile]]:
    batches: dict[str, dict[str, IngestedFile]] = {}
    for name, file in sorted(files.items()):
        batches.setdefault(file.batch, {})[name] = file
    return batches


def _valid_rows(spark: SparkSession, table: Table, batches: Mapping[str, Mapping[str, IngestedFile]]) -> DataFrame:
    """The valid rows of the files, with month, drop and position."""
    parts = []
    for batch, files in batches.items():
        drops = F.create_map(*[F.lit(part) for file in files.values() for part in (file.place, file.drop or "")])
        rows = spark.read.parquet(spark_path(table.batch(batch)))
        if "_line" not in rows.columns:  # a batch of an earlier release, which numbered the rows of a task
            rows = rows.withColumns({"_line": F.col("_at.id") % F.lit(2**33) + 1, "_trimmed": F.lit(False)})
        rows = rows.where(F.col("_reason").isNull() & F.col("_file").isin(*[file.place for file in files.values()]))
        place = F.struct(F.lit(batch).alias("batch"), F.col("_file").alias("file"), F.col("_at.id").alias("id"))
        parts.append(rows.withColumn(DROP, drops[F.col("_file")]).withColumn(ROW, place).drop("_raw", "_reason"))
    return reduce(DataFrame.unionByName, parts)


def _months_sharing_keys(rows: DataFrame, source: Source, wanted: set[str]) -> set[str]:
    """The wanted months and all months linked to them, directly or not, by a key with rows in both."""
    if source.key is None or source.event_time in source.key:
        return wanted
    if {row[0] for row in rows.select(MONTH).distinct().collect()} <= wanted:
        return wanted
    keys = rows.groupBy(HASH).agg(F.sort_array(F.collect_set(MONTH)).alias("months"))
    ties = [set(row[0]) for row in keys.where(F.size("months") > 1).select("months").distinct().collect()]
    months, size = set(wanted), -1
    while len(months) != size:
        size = len(months)
        months |= {month for tie in ties if tie & months for month in tie}
    return months


def _quarantine_contradictions(rows: DataFrame, superseded: DataFrame, origin: _Origin, digest: str) -> dict[str, int]:
    """Write contradicting rows to quarantine with file, position and text, and count them by month."""
    source, table, batches = origin
    target = table.quarantine / f"contradictions-{digest}"
    shutil.rmtree(target, ignore_errors=True)
    disagreeing = superseded.where(F.col(RESOLUTION) == CONTRADICTION)
    counts = {str(row[0]): int(row[1]) for row in disagreeing.groupBy(MONTH).count().collect()}
    if not counts:
        return {}
    wide = rows.join(disagreeing.select(ROW), ROW, "left_semi")
    parts = [
        located(wide.where(F.col(f"{ROW}.batch") == batch), {file.place: name for name, file in files.items()}, source)
        for batch, files in batches.items()
    ]  # fmt: skip
    raw = F.to_json(F.struct(*[column.name for column in source.columns]))
    reason = F.lit(f"contradicts another row of its drop with the same {', '.join(source.key or ())}")
    output = reduce(DataFrame.unionByName, parts).select("file", "position", raw.alias("raw"), reason.alias("reason"))
    output.coalesce(1).write.parquet(str(target))
    return counts

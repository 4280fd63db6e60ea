"""The rows that count: one per key, by the month they happened in."""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from lake.quarantine import located
from lake.source import DROP, HASH, MONTH, Source
from lake.table import Month, Table, Taken
from stack.files import adopt, fresh_partial

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BATCH = "_batch"
#: where a row came from; not kept in the months.
ORIGIN = (DROP, BATCH, "_file", "_at", HASH)
_Origin = tuple[Source, Table, Mapping[str, Mapping[str, Taken]]]


def changed_months(before: Mapping[str, Taken], after: Mapping[str, Taken]) -> set[str]:
    """Months in which a file that is new, replaced or gone has rows."""
    touched = [one for name, one in before.items() if after.get(name) != one]
    touched += [one for name, one in after.items() if before.get(name) != one]
    return {month for one in touched for month in one.months}


def build(
    spark: "SparkSession", source: Source, table: Table, files: Mapping[str, Taken], wanted: Iterable[str], mark: str
) -> dict[str, Month]:
    """Write the folders of the wanted months, and of those that share a key with them.

    Rows with one key are one event: that of the latest drop counts, the others are duplicates. Where the
    latest drop itself holds different rows for a key, none can be believed: they are contradictions.

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
    rows = rows.where(rows[MONTH].isin(*sorted(months)))
    digest = _digest(mark, files)
    contradictions: dict[str, int] = {}
    if source.key:
        rows, contradictions = _one_per_key(rows, (source, table, batches), digest)
    partial = fresh_partial(table.folder / "months-made")
    rows.drop(*ORIGIN).write.partitionBy(MONTH).parquet(str(partial))
    made = {month: Month(digest, 0, contradictions.get(month, 0), None, None) for month in sorted(months)}
    made |= {
        month: replace(made[month], rows_kept=count, first=str(first), last=str(last))
        for month, count, first, last in _counted(spark, source, partial)
    }
    for month, one in made.items():
        if one.rows_kept:
            table.month(month, digest).parent.mkdir(parents=True, exist_ok=True)
            adopt(partial / f"{MONTH}={month}", table.month(month, digest))
    shutil.rmtree(partial)
    return made


def _counted(spark: "SparkSession", source: Source, folder: Path) -> list[tuple[str, int, date, date]]:
    """Month, rows, first and last day."""
    from pyspark.sql import functions as F  # noqa: N812

    day = F.to_date(source.event_time)
    found = spark.read.parquet(str(folder)).groupBy(MONTH).agg(F.count("*"), F.min(day), F.max(day))
    return [tuple(row) for row in found.collect()]


def _digest(mark: str, files: Mapping[str, Taken]) -> str:
    contents = sorted((name, one.content) for name, one in files.items())
    return hashlib.sha256(repr((mark, contents)).encode()).hexdigest()[:16]


def _batches(files: Mapping[str, Taken]) -> dict[str, dict[str, Taken]]:
    found: dict[str, dict[str, Taken]] = {}
    for name, one in sorted(files.items()):
        found.setdefault(one.batch, {})[name] = one
    return found


def _sound(spark: "SparkSession", table: Table, batches: Mapping[str, Mapping[str, Taken]]) -> "DataFrame":
    """The typed rows of the files that count, with their month, drop and origin."""
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    parts = []
    for batch, taken in batches.items():
        drops = F.create_map(*[F.lit(part) for one in taken.values() for part in (one.place, one.drop or "")])
        rows = spark.read.parquet(str(table.batch(batch)))
        rows = rows.where(F.col("_reason").isNull() & F.col("_file").isin(*[one.place for one in taken.values()]))
        rows = rows.withColumn(DROP, drops[F.col("_file")]).withColumn(BATCH, F.lit(batch))
        parts.append(rows.drop("_raw", "_reason"))
    return reduce(DataFrame.unionByName, parts)


def _linked(rows: "DataFrame", source: Source, wanted: set[str]) -> set[str]:
    """The wanted months and all that are tied to them by a key with rows in both, directly or not."""
    from pyspark.sql import functions as F  # noqa: N812

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


def _one_per_key(rows: "DataFrame", sources: _Origin, digest: str) -> "tuple[DataFrame, dict[str, int]]":
    """The row of each key that counts, and the number of contradictions by month.

    Most keys are there once: those rows are found by a count over hashes and go on without being sorted.
    """
    from pyspark.sql import functions as F  # noqa: N812

    source = sources[0]
    key = list(source.key or ())
    repeated = rows.groupBy(HASH).count().where("count > 1").select(HASH).persist()
    if repeated.isEmpty():
        return rows, {}
    single = rows.join(repeated, HASH, "left_anti").select(rows.columns)
    several = rows.join(repeated, HASH, "left_semi").select(rows.columns).persist()
    content = F.xxhash64(*sorted(column.name for column in source.columns))
    found = several.groupBy(*key).agg(
        F.max(F.struct(DROP, F.struct(*rows.columns).alias("row"))).alias("last"),
        F.max(F.struct(DROP, content.alias("hash"))).alias("highest"),
        F.max(F.struct(DROP, F.bitwise_not(content).alias("hash"))).alias("lowest"),
    )
    agreed = F.col("highest.hash") == F.bitwise_not("lowest.hash")
    kept = single.unionByName(found.where(agreed).select("last.row.*"))
    return kept, _set_aside(several, found.where(~agreed), sources, key, digest)


def _set_aside(
    several: "DataFrame", disagreeing: "DataFrame", sources: _Origin, key: list[str], digest: str
) -> dict[str, int]:
    """Keep the rows of the latest drop that contradict each other, and count them by month."""
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    source, table, batches = sources
    target = table.quarantine / f"contradictions-{digest}"
    shutil.rmtree(target, ignore_errors=True)
    keys = disagreeing.select(*[F.col(name).alias(f"_{name}") for name in key], F.col(f"last.{DROP}").alias("_latest"))
    if keys.isEmpty():
        return {}
    same = [several[name].eqNullSafe(keys[f"_{name}"]) for name in key]
    rows = several.join(keys, [*same, several[DROP] == keys["_latest"]], "left_semi")
    parts = [
        located(rows.where(F.col(BATCH) == batch), several.sparkSession.read.parquet(str(table.batch(batch))),
                {one.place: name for name, one in taken.items()}, source)
        for batch, taken in batches.items()
    ]  # fmt: skip
    raw = F.to_json(F.struct(*[column.name for column in source.columns]))
    reason = F.lit(f"contradicts another row of its drop with the same {', '.join(key)}")
    told = reduce(DataFrame.unionByName, parts).select("file", "position", raw.alias("raw"), reason.alias("reason"))
    told.coalesce(1).write.parquet(str(target))
    return {str(row[0]): int(row[1]) for row in rows.groupBy(MONTH).count().collect()}

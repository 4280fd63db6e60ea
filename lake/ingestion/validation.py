"""Rows as they stood in a file to typed rows, or the reason why they cannot be used."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from lake.source import CONTENT, HASH, MONTH, TIMES, Column, Source

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

#: the latest second that a timestamp of four-digit years can hold, since 1970 UTC.
LAST_SECOND = 253_402_300_799
#: a date, and the beginning of a timestamp: Spark's own casts also take '1997' and '12:30'.
DAY = r"\d{4}-\d{2}-\d{2}"
MOMENT = DAY + r"[ T]\d{2}:\d{2}"
#: what a double looks like: Spark's own cast also takes '12d' and '0x1p3'.
DOUBLE = r"[+-]?(\d+[.]?\d*|[.]\d+)([eE][+-]?\d+)?|[+-]?Infinity|NaN"


def validate(rows: "DataFrame", source: Source, until: Sequence[date]) -> "DataFrame":
    """Add types and reasons.

    Args:
        rows: as `lake.ingestion.parsing.read` gives them.
        source: the declaration.
        until: for each file the day before which its rows were received.

    Returns:
        `_file`, `_at` and `_line`; hashes of the key and of all columns; `_raw` and `_reason`, null where the row is
        sound; the month; the typed columns.
    """
    from pyspark.sql import functions as F  # noqa: N812

    names = [column.name for column in source.columns]
    # Batches of earlier releases hold the place of a row as a block and a number in it.
    place = F.struct(F.lit(0).cast("long").alias("block"), F.col("_line").alias("id")).alias("_at")
    typed = rows.select(
        "_file", place, "_line", "_raw", "_fault", "_trimmed",
        *[F.col(name).alias(f"_text_{name}") for name in names],
        *[_typed(column).alias(column.name) for column in source.columns],
    )  # fmt: skip
    reasons = [F.col("_fault")]
    for column in source.columns:
        reasons += _reasons(column)
    reasons += [*_times(source, until), *_nul(source)]
    validated = typed.withColumn("_reason", F.coalesce(*reasons))
    # A row of Parquet has no text of its own.
    as_json = F.to_json(F.struct(*[F.col(f"_text_{name}").alias(name) for name in names]))
    key_hash = F.xxhash64(*(source.key or ())) if source.key else F.lit(0).cast("long")
    return validated.select(
        "_file",
        "_at",
        "_line",
        "_trimmed",
        key_hash.alias(HASH),
        F.xxhash64(*names).alias(CONTENT),
        F.when(F.col("_reason").isNotNull(), F.coalesce("_raw", as_json)).alias("_raw"),
        "_reason",
        F.when(F.col("_reason").isNull(), F.date_format(source.event_time, "yyyy-MM")).alias(MONTH),
        *names,
    )


def _typed(column: Column) -> "SparkColumn":
    from pyspark.sql import functions as F  # noqa: N812

    text = F.trim(F.col(column.name))
    if column.type == "string":
        return F.nullif(text, F.lit(""))
    if column.epoch:
        return _moment(text.try_cast("bigint"))
    if column.type == "bigint":
        return text.try_cast("bigint")
    shape = {"double": f"^({DOUBLE})$", "date": f"^{DAY}$", "timestamp": f"^{MOMENT}"}[column.type]
    return F.when(text.rlike(shape), text.try_cast(column.type))


def _moment(seconds: "SparkColumn") -> "SparkColumn":
    from pyspark.sql import functions as F  # noqa: N812

    return F.when(seconds.between(0, LAST_SECOND), F.timestamp_seconds(seconds))


def _reasons(column: Column) -> "list[SparkColumn]":
    from pyspark.sql import functions as F  # noqa: N812

    text, value, name = F.col(f"_text_{column.name}"), F.col(column.name), column.name
    written = text.isNotNull() & (F.trim(text) != "")

    def when(condition: "SparkColumn", what: str) -> "SparkColumn":
        return F.when(condition, F.concat(F.lit(f"{name}: {what}: "), F.substring(text, 1, 100)))

    reasons = []
    if column.type != "string":
        reasons.append(when(value.isNull() & written, f"not a {column.type}"))
    if not column.nullable:
        reasons.append(F.when(value.isNull(), F.lit(f"{name}: empty")))
    return reasons + [when(condition, what) for condition, what in _bounds(column, value)]


def _bounds(column: Column, value: "SparkColumn") -> "Iterator[tuple[SparkColumn, str]]":
    """Conditions that no true value fulfils, in words."""
    from pyspark.sql import functions as F  # noqa: N812

    if column.lowest is not None:
        yield value < column.lowest, f"below {column.lowest:g}"
    if column.highest is not None:
        yield value > column.highest, f"above {column.highest:g}"
    if column.values:
        yield ~value.isin(*column.values), f"not one of {', '.join(column.values)}"
    if column.type == "double":
        yield F.isnan(value) | (F.abs(value) == float("inf")), "not finite"
    if column.type in TIMES:
        yield (value < F.lit(date(1900, 1, 1))) | (value >= F.lit(date(2200, 1, 1))), "outside 1900 to 2199"


def _nul(source: Source) -> "Iterator[SparkColumn]":
    """Keys that PostgreSQL cannot store, and so nobody could be scored under."""
    from pyspark.sql import functions as F  # noqa: N812

    keys = {source.entity, *([source.identity.own] if source.identity else [])}
    for column in source.columns:
        if column.name in keys and column.type == "string":
            has_nul = F.col(column.name).contains("\0")
            yield F.when(has_nul, F.lit(f"{column.name}: holds a NUL character"))


def _times(source: Source, until: Sequence[date]) -> "list[SparkColumn]":
    """A row must have happened since the source began, and before it was known and its drop was made.

    A day of tolerance, for clocks are wrong and drops are cut in some time zone.
    """
    from pyspark.sql import functions as F  # noqa: N812

    event, text = F.col(source.event_time), F.col(f"_text_{source.event_time}").cast("string")
    days = F.element_at(F.array(*[F.lit(day) for day in until]), F.col("_file") + 1)

    def when(condition: "SparkColumn", what: str) -> "SparkColumn":
        return F.when(condition, F.concat(F.lit(f"{source.event_time}: {what}: "), text))

    reasons = [
        when(event < F.lit(source.earliest), f"before {source.earliest}"),
        when(event.cast("date") > days, "after its drop was made"),
    ]
    if source.known_time:
        known_time = F.col(source.known_time)
        reasons.append(when(event.cast("date") > F.date_add(known_time.cast("date"), 1), "after it was known"))
        reasons.append(F.when(known_time.cast("date") > days, F.lit(f"{source.known_time}: after its drop was made")))
    return reasons

"""Anomalies: rows that are unusual but kept; they are counted and reported."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lake.identity import rows_with_entity
from lake.source import Source
from lake.table import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def count_anomalies(spark: "SparkSession", tables: Mapping[str, Table], source: Source) -> dict[str, int]:
    """Numbers of unusual rows by kind of anomaly; empty if the source declares nothing to compare with.

    `nobody's`: rows with an anonymous id on which no known login happened. `before sign-up`: rows that are earlier
    than the first day of their entity.
    """
    from pyspark.sql import functions as F  # noqa: N812

    counts = {}
    if source.identity is not None:
        counts["nobody's"] = rows_with_entity(spark, tables, source).where(F.col(source.entity).isNull()).count()
    if source.begins is not None:
        start = source.begins
        first_rows = tables[start.source.name].read(spark).groupBy(F.col(start.source.entity).alias("_entity"))
        day = first_rows.agg(F.min(F.to_date(start.column)).alias("_born"))
        rows = rows_with_entity(spark, tables, source)
        joined = rows.join(day, rows[source.entity] == day["_entity"])
        counts["before sign-up"] = joined.where(F.to_date(source.event_time) < F.col("_born")).count()
    return counts

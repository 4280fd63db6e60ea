"""What is odd in the lake and yet no reason to leave a row out: it is counted and said."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lake.identity import named
from lake.source import Source
from lake.table import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def surprises(spark: "SparkSession", tables: Mapping[str, Table], source: Source) -> dict[str, int]:
    """Rows by what is odd about them; empty where nothing can be.

    `nobody's`: an anonymous id on which nobody had logged in by then. `before sign-up`: about an entity, and
    earlier than the day on which it came to be.
    """
    from pyspark.sql import functions as F  # noqa: N812

    found = {}
    if source.identity is not None:
        found["nobody's"] = named(spark, tables, source).where(F.col(source.entity).isNull()).count()
    if source.begins is not None:
        start = source.begins
        born = tables[start.source.name].read(spark).groupBy(F.col(start.source.entity).alias("_entity"))
        day = born.agg(F.min(F.to_date(start.column)).alias("_born"))
        rows = named(spark, tables, source)
        joined = rows.join(day, rows[source.entity] == day["_entity"])
        found["before sign-up"] = joined.where(F.to_date(source.event_time) < F.col("_born")).count()
    return found

"""Anonymous ids to people, as of the moment of each event; and the views that features are computed from."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lake.source import Identity, Source
from lake.table import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: when a row, and the login that named its entity, was known.
KNOWN = "_known"


def register(spark: "SparkSession", tables: Mapping[str, Table], sources: Sequence[Source]) -> None:
    """Make a view per source, called like it: its columns, its entity, and `_known`.

    Rows whose entity is not known are left out.
    """
    from pyspark.sql import functions as F  # noqa: N812

    for source in sources:
        rows = named(spark, tables, source).where(F.col(source.entity).isNotNull())
        rows.createOrReplaceTempView(source.name)


def named(spark: "SparkSession", tables: Mapping[str, Table], source: Source) -> "DataFrame":
    """The table's rows with their entity, null where nobody had logged in by then, and `_known`."""
    from pyspark.sql import functions as F  # noqa: N812

    rows = tables[source.name].read(spark).withColumn(KNOWN, F.expr(source.known_sql))
    if source.identity is None:
        return rows
    return resolve(rows, source, source.identity, tables[source.identity.links.name].read(spark))


def resolve(rows: "DataFrame", source: Source, identity: Identity, links: "DataFrame") -> "DataFrame":
    """Give each row the entity that had last logged in on its anonymous id by the moment it happened.

    A login that reached us later than the event makes the event known later too: before that, nobody
    could say whose it was.
    """
    from pyspark.sql import functions as F  # noqa: N812

    login = F.struct(
        F.col(identity.links.event_time).cast("timestamp").alias("since"),
        F.expr(identity.links.known_sql).cast("timestamp").alias("known"),
        F.col(identity.links.entity).alias("entity"),
    )
    by_id = links.where(identity.where).groupBy(F.col(identity.link_id).alias("_id"))
    logins = by_id.agg(F.collect_list(login).alias("_logins"))
    joined = rows.join(logins, rows[identity.id] == logins["_id"], "left")
    before = F.filter("_logins", lambda one: one["since"] <= F.col(source.event_time).cast("timestamp"))
    told = joined.withColumn("_login", F.array_max(before))
    own = F.col(identity.own) if identity.own else F.lit(None).cast("string")
    known = F.when(own.isNull(), F.greatest(F.col(KNOWN).cast("timestamp"), F.col("_login.known")))
    return told.select(
        *rows.drop(KNOWN).columns,
        F.coalesce(own, F.col("_login.entity")).alias(source.entity),
        F.coalesce(known, F.col(KNOWN).cast("timestamp")).alias(KNOWN),
    )

"""The rows that features are computed from: each with whom it is about, and when that was known.

SQL over the lake's tables, which an engine shows as `lake_<source>`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lake.source import Identity, Lookup, Source
from lake.table import Table
from stack.engines.engine import Engine

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: when a row, and the login that named its entity, was known.
KNOWN = "_known"


def base(source: Source) -> str:
    """Name of the view of a table's rows as they are."""
    return f"lake_{source.name}"


def view_sql(source: Source, everybody: bool = False) -> str:
    """SQL of a source's rows: its columns, what is looked up, its entity, and `_known`.

    Args:
        source: the declaration.
        everybody: with the rows whose entity is not known too.
    """
    columns = [column.name for column in source.columns]
    found = [f"{name}.{column}" for name, one in _lookups(source) for column, _ in one.columns]
    rows = f"(select *, {source.known_sql} as {KNOWN} from {base(source)}) as told"
    if source.identity is not None:
        rows, columns = f"({_named(source, source.identity)}) as told", [*columns, source.entity]
    joins = "".join(f"\nleft join {_looked_up(one)} as {name} on told.{one.on} = {name}._id"
                    for name, one in _lookups(source))  # fmt: skip
    kept = "" if everybody else f"\nwhere told.{source.entity} is not null"
    return f"select {', '.join([*(f'told.{name}' for name in (*columns, KNOWN)), *found])}\nfrom {rows}{joins}{kept}"


def named(spark: "SparkSession", tables: Mapping[str, Table], source: Source) -> "DataFrame":
    """The rows of a source in Spark, those of nobody too."""
    links = [source.identity.links] if source.identity else []
    for one in (source, *links, *(lookup.source for lookup in source.lookups)):
        tables[one.name].read(spark).createOrReplaceTempView(base(one))
    return spark.sql(view_sql(source, everybody=True))


def _named(source: Source, identity: Identity) -> str:
    """Give each row the entity that had last logged in on its anonymous id by the moment it happened.

    As far as was known on the day the row became known; where no login was, the first that became known names it,
    and it is known from then on. So what a row says never changes once it counts: a backfill gives what the daily
    run gave.
    """
    links = identity.links
    login = (
        f"struct(cast({links.event_time} as timestamp) as since, cast({links.known_sql} as timestamp) as known, "
        f"{links.entity} as entity)"
    )
    logins = (
        f"select {identity.link_id} as _id, collect_list({login}) as _logins from {base(links)} "
        f"where {identity.where} group by {identity.link_id}"
    )
    before = f"filter(_logins, one -> one.since <= cast({source.event_time} as timestamp))"
    told = "filter(_before, one -> cast(one.known as date) <= cast(_alone as date))"
    later = "transform(_before, one -> struct(one.known as known, one.since as since, one.entity as entity))"
    rows = f"(select *, cast({source.known_sql} as timestamp) as _alone from {base(source)})"
    own = identity.own or "cast(null as string)"
    return (
        f"select *, coalesce({own}, _login.entity, _later.entity) as {source.entity},\n"
        f"  if({own} is null, greatest(_alone, coalesce(_login.known, _later.known)), _alone) as {KNOWN}\n"
        f"from (select *, array_max({told}) as _login, array_min({later}) as _later\n"
        f"  from (select *, {before} as _before from {rows} as row\n"
        f"    left join ({logins}) as login on row.{identity.id} = login._id))"
    )


def _lookups(source: Source) -> list[tuple[str, Lookup]]:
    return [(f"looked_{place}", one) for place, one in enumerate(source.lookups)]


def _looked_up(lookup: Lookup) -> str:
    columns = ", ".join(f"{sql} as {name}" for name, sql in lookup.columns)
    return f"(select {lookup.key} as _id, {columns} from {base(lookup.source)})"


def register_sources(engine: Engine, tables: Mapping[str, Table], sources: Sequence[Source]) -> None:
    """Make a view per source, called like it: its columns, its entity, and `_known`; rows of nobody are left out."""
    for source in sources:
        engine.show_files(base(source), tables[source.name].folders())
    for source in sources:
        engine.show(source.name, view_sql(source))

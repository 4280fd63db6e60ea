"""SQL of the rows that features are computed from: each row with its entity and the moment it became known.

The SQL reads the lake's tables, which an engine registers as `lake_<source>`.
"""

from collections.abc import Mapping, Sequence

from lake.source import Identity, Lookup, Source
from lake.table import Table
from stack.engines.engine import Engine

#: the column with the moment at which both a row and its entity were known.
KNOWN = "_known"


def base(source: Source) -> str:
    """Name of the view of a table's rows."""
    return f"lake_{source.name}"


def view_sql(source: Source, everybody: bool = False) -> str:
    """SQL of a source's rows: its columns, the looked-up columns, the entity, and `_known`.

    Args:
        source: the declaration.
        everybody: include rows whose entity is unknown.
    """
    columns = [column.name for column in source.columns]
    lookup_columns = [f"{name}.{column}" for name, lookup in _lookups(source) for column, _ in lookup.columns]
    rows = f"(select *, {source.known_sql} as {KNOWN} from {base(source)}) as row"
    if source.identity is not None:
        rows, columns = f"({_resolve_identity(source, source.identity)}) as row", [*columns, source.entity]
    joins = "".join(f"\nleft join {_looked_up(lookup)} as {name} on row.{lookup.on} = {name}._id"
                    for name, lookup in _lookups(source))  # fmt: skip
    where = "" if everybody else f"\nwhere row.{source.entity} is not null"
    names = ", ".join([*(f"row.{name}" for name in (*columns, KNOWN)), *lookup_columns])
    return f"select {names}\nfrom {rows}{joins}{where}"


def _resolve_identity(source: Source, identity: Identity) -> str:
    """SQL that gives each row the entity of the last login on its anonymous id before the event.

    Only logins known by the day on which the row became known are used. If there is none, the first login that becomes
    known decides, and the row is known from that day on. So the entity of a row never changes, and a backfill gives
    the same rows as the daily runs.
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
    earlier_logins = "filter(_before, one -> cast(one.known as date) <= cast(_alone as date))"
    later = "transform(_before, one -> struct(one.known as known, one.since as since, one.entity as entity))"
    rows = f"(select *, cast({source.known_sql} as timestamp) as _alone from {base(source)})"
    entity_sql = identity.own or "cast(null as string)"
    return (
        f"select *, coalesce({entity_sql}, _login.entity, _later.entity) as {source.entity},\n"
        f"  if({entity_sql} is null, greatest(_alone, coalesce(_login.known, _later.known)), _alone) as {KNOWN}\n"
        f"from (select *, array_max({earlier_logins}) as _login, array_min({later}) as _later\n"
        f"  from (select *, {before} as _before from {rows} as row\n"
        f"    left join ({logins}) as login on row.{identity.id} = login._id))"
    )


def _lookups(source: Source) -> list[tuple[str, Lookup]]:
    return [(f"looked_{place}", lookup) for place, lookup in enumerate(source.lookups)]


def _looked_up(lookup: Lookup) -> str:
    columns = ", ".join(f"{sql} as {name}" for name, sql in lookup.columns)
    return f"(select {lookup.key} as _id, {columns} from {base(lookup.source)})"


def register_sources(engine: Engine, tables: Mapping[str, Table], sources: Sequence[Source]) -> None:
    """Register a view for each source: its columns, entity and `_known`. Rows without an entity are left out."""
    for source in sources:
        engine.show_files(base(source), tables[source.name].folders())
    for source in sources:
        engine.show(source.name, view_sql(source))

"""SQL of the rows that features are computed from: each row with its entity and the moment it became known.

The SQL reads the lake's tables, which an engine registers as `lake_<source>`.
"""

from collections.abc import Mapping, Sequence

from lake.ingestion.text_lines import INVISIBLE
from lake.references import Identity, Lookup
from lake.source import Source
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
    names = [*(column.name for column in source.columns), KNOWN, *([source.entity] if source.identity else [])]
    if source.identity is not None:
        rows = f"({_resolve_identity(source, source.identity)})"
    elif source.has_own_time:
        rows = f"(select *, {source.known_sql} as {KNOWN} from {base(source)})"
    else:
        rows = base(source)
        names.remove(KNOWN)
    # Versions are looked up at the event's time, which another lookup can give.
    for place, lookup in sorted(enumerate(source.lookups), key=lambda item: item[1].has_versions):
        if lookup.has_versions and KNOWN not in names:
            rows, names = f"(select *, {source.known_sql} as {KNOWN} from {rows})", [*names, KNOWN]
        rows = _joined(source, lookup, rows, names, f"looked_{place}")
        names += [name for name, _ in lookup.columns]
    if KNOWN not in names:
        rows, names = f"(select *, {source.known_sql} as {KNOWN} from {rows})", [*names, KNOWN]
    wanted = (source.entity,) if source.has_own_time else (source.entity, source.event_time)
    where = "" if everybody else f"\nwhere {' and '.join(f'{name} is not null' for name in wanted)}"
    return f"select {', '.join(names)}\nfrom {rows}{where}"


def related(source: Source) -> list[Source]:
    """The other sources that its rows depend on: logins, lookups, and those that these depend on."""
    direct = [*([source.identity.links] if source.identity else []), *(lookup.source for lookup in source.lookups)]
    others = {other.name: other for first in direct for other in (first, *related(first))}
    return list(others.values())


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
    before = f"filter(_logins, login -> login.since <= cast({source.event_time} as timestamp))"
    earlier_logins = "filter(_before, login -> cast(login.known as date) <= cast(_alone as date))"
    later = "transform(_before, login -> struct(login.known as known, login.since as since, login.entity as entity))"
    rows = f"(select *, cast({source.known_sql} as timestamp) as _alone from {base(source)})"
    entity_sql = identity.own or "cast(null as string)"
    return (
        f"select *, coalesce({entity_sql}, _login.entity, _later.entity) as {source.entity},\n"
        f"  if({entity_sql} is null, greatest(_alone, coalesce(_login.known, _later.known)), _alone) as {KNOWN}\n"
        f"from (select *, array_max({earlier_logins}) as _login, array_min({later}) as _later\n"
        f"  from (select *, {before} as _before from {rows} as row\n"
        f"    left join ({logins}) as login on row.{identity.id} = login._id))"
    )


def _joined(source: Source, lookup: Lookup, rows: str, names: Sequence[str], alias: str) -> str:
    """SQL of the rows with the columns of a lookup."""
    columns_so_far = ", ".join(f"row.{name}" for name in names)
    if not lookup.has_versions:
        columns = ", ".join(f"{alias}.{name}" for name, _ in lookup.columns)
        looked_up = ", ".join(f"{sql} as {name}" for name, sql in lookup.columns)
        return (
            f"(select {columns_so_far}, {columns} from {rows} as row\n"
            f"left join (select {lookup.key} as _id, {looked_up} from {_lookup_rows(lookup.source)}) as {alias} "
            f"on {_compared(source, lookup)} = {alias}._id)"
        )
    if lookup.source.known_time is None:
        return _in_force(source, lookup, rows, columns_so_far, alias)
    return _in_force_as_known(source, lookup, rows, columns_so_far, alias)


def _in_force(source: Source, lookup: Lookup, rows: str, columns_so_far: str, alias: str) -> str:
    """SQL of the rows with the version of each that was in force; a version is known a fixed number of days later.

    So the versions that count for a row are those that began before one moment, and the last of these is in force.
    """
    since, lag = f"cast({lookup.source.event_time} as timestamp)", lookup.source.known_lag_days
    known_before = f"cast(date_add(cast(row.{KNOWN} as date), {1 - lag}) as timestamp)"
    moment = f"least(cast(row.{source.event_time} as timestamp), {known_before} - interval 1 microsecond)"
    looked_up = ", ".join(f"{sql} as {name}" for name, sql in lookup.columns)
    until = f"lead({since}) over (partition by {lookup.key} order by {since})"
    versions = (
        f"select {lookup.key} as _id, {since} as _since, coalesce({until}, timestamp'9999-01-01') as _until, "
        f"{looked_up} from {_lookup_rows(lookup.source)}"
    )
    columns = ", ".join(f"{alias}.{name}" for name, _ in lookup.columns)
    return (
        f"(select {columns_so_far}, {columns} from (select row.*, {moment} as _moment from {rows} as row) as row\n"
        f"left join ({versions}) as {alias} on {_compared(source, lookup)} = {alias}._id "
        f"and {alias}._since <= row._moment and {alias}._until > row._moment)"
    )


def _in_force_as_known(source: Source, lookup: Lookup, rows: str, columns_so_far: str, alias: str) -> str:
    """SQL of the rows with the version of each that was in force, of those known when the row was."""
    columns = ", ".join(f"_version.{name} as {name}" for name, _ in lookup.columns)
    looked_up = ", ".join(f"{sql} as {name}" for name, sql in lookup.columns)
    version = (
        f"struct(cast({lookup.source.event_time} as timestamp) as since, "
        f"cast({lookup.source.known_sql} as timestamp) as known, {looked_up})"
    )
    in_force = (
        f"filter(_versions, version -> version.since <= cast(row.{source.event_time} as timestamp) "
        f"and cast(version.known as date) <= cast(row.{KNOWN} as date))"
    )
    return (
        f"(select {columns_so_far}, {columns} from (\n"
        f"select row.*, array_max({in_force}) as _version from {rows} as row\n"
        f"left join (select {lookup.key} as _id, collect_list({version}) as _versions "
        f"from {_lookup_rows(lookup.source)} group by {lookup.key}) as {alias} "
        f"on {_compared(source, lookup)} = {alias}._id) as row)"
    )


def _compared(source: Source, lookup: Lookup) -> str:
    """SQL of the column that a lookup compares."""
    if source.column(lookup.on).type == "string" and lookup.on not in {source.entity, *(source.key or ())}:
        return _trimmed_sql(f"row.{lookup.on}")  # its file may have been read before the lookup was declared
    return f"row.{lookup.on}"


def _trimmed_sql(text: str) -> str:
    """SQL of a text without invisible characters around it; few texts have any, and to trim is slow."""
    ends = " and ".join(f"ascii({end}) between 33 and 126" for end in (text, f"right({text}, 1)"))
    return f"if({ends}, {text}, trim(both '{INVISIBLE.strip(chr(0))}' from {text}))"


def _lookup_rows(source: Source) -> str:
    """The rows of a looked-up source, with the columns of its own lookups."""
    return f"({view_sql(source, everybody=True)})" if source.lookups else base(source)


def register_sources(engine: Engine, tables: Mapping[str, Table], sources: Sequence[Source]) -> None:
    """Register a view for each source: its columns, entity and `_known`. Rows without an entity are left out."""
    for source in sources:
        engine.show_files(base(source), tables[source.name].folders())
    for source in sources:
        engine.show(source.name, view_sql(source))

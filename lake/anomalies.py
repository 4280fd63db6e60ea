"""Anomalies: rows that are unusual but kept; they are counted and reported."""

from collections.abc import Mapping

from lake.identity import base, related, view_sql
from lake.source import Source
from lake.table import Table
from stack.engines.engine import Engine


def count_anomalies(engine: Engine, tables: Mapping[str, Table], source: Source) -> dict[str, int]:
    """Numbers of unusual rows by kind of anomaly; empty if the source declares nothing to compare with.

    `nobody's`: rows with an anonymous id on which no known login happened. `before sign-up`: rows that are earlier
    than the first day of their entity. `without a time`: rows whose event time is looked up and missing there.
    """
    counts: dict[str, int] = {}
    begins = [source.begins.source] if source.begins else []
    if source.identity is None and source.has_own_time and not begins:
        return counts
    for needed in (source, *begins, *related(source)):
        engine.show_files(base(needed), tables[needed.name].folders())
    rows = view_sql(source, everybody=True)
    if source.identity is not None:
        counts["nobody's"] = _count(engine, f"({rows}) as row where {source.entity} is null")
    if not source.has_own_time:
        counts["without a time"] = _count(engine, f"({rows}) as row where {source.event_time} is null")
    if source.begins is not None:
        first, day = source.begins.source, source.begins.column
        entity = f"select {first.entity} as _entity, min(to_date({day})) as _first_day from {base(first)} group by 1"
        joined = f"({rows}) as row join ({entity}) as entity on row.{source.entity} = entity._entity"
        counts["before sign-up"] = _count(engine, f"{joined} where to_date({source.event_time}) < _first_day")
    return counts


def _count(engine: Engine, rows_sql: str) -> int:
    return int(engine.rows(f"select count(*) from {rows_sql}")[0][0])

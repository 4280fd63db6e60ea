"""Compile declarations to one SQL plan.

Two levels: daily partials per entity, the mergeable pieces, then windows over them for every date of a
grid in one pass. A row counts at `as_of` only if its day and the day it became known are both earlier.
"""

from collections.abc import Sequence
from datetime import date

from features import calendar
from features.feature import Feature
from features.pieces import NONE_IS_ZERO, daily_pieces, row_columns, window_value
from features.times import day_of, grid, past
from lake import Source


def snapshot_sql(
    features: Sequence[Feature],
    sources: Sequence[Source],
    entity: str,
    dates: Sequence[date],
    members: str | None = None,
) -> str:
    """SQL with one row per entity and date: the entity, `as_of`, then every feature as a double.

    The sources are read from views of their own names, as the lake registers them.

    Args:
        features: the declarations; a source without one is not read.
        sources: of the project.
        entity: what the entity's column is called.
        dates: of the grid.
        members: view of the entities and dates wanted, with the contract's columns, which come along. None for
            every entity from its first event on, in any source.
    """
    used = [source for source in sources if any(feature.source == source.name for feature in features)]
    steps = [grid(dates)] if members is None else []
    for source in used:
        own = [feature for feature in features if feature.source == source.name]
        steps += [_daily(source, own), _windows(source, own, members)]
    if members is None:
        everyone = " union ".join(f"select entity, as_of from {source.name}_windows" for source in used)
        steps.append(f"keys as ({everyone})")
    also = "" if members is None else "contract_state, already_left, "
    joins = "\n".join(f"left join {source.name}_windows using (entity, as_of)" for source in used)
    columns = ", ".join(_column(feature) for feature in features)
    return (
        "with " + ",\n".join(steps) + f"\nselect entity as {entity}, as_of, {also}{columns}\n"
        f"from {members or 'keys'}\n{joins}"
    )  # fmt: skip


def _daily(source: Source, features: Sequence[Feature]) -> str:
    columns: dict[str, str] = {}
    pieces: dict[str, str] = {}
    for feature in features:
        columns |= row_columns(feature, source)
        pieces |= daily_pieces(feature)
    rows = "".join(f", {sql} as {name}" for name, sql in columns.items())
    return (
        f"{source.name}_daily as (select entity, day, known_day, "
        + ", ".join(f"{sql} as {name}" for name, sql in pieces.items())
        + f"\nfrom (select {source.entity} as entity, {day_of(source.event_time)} as day, "
        f"{day_of('_known')} as known_day, {source.event_time} as at{rows} from {source.name})\n"
        "group by entity, day, known_day)"
    )


def _windows(source: Source, features: Sequence[Feature], members: str | None) -> str:
    columns = ",\n  ".join(f"cast({window_value(feature)} as double) as {feature.name}" for feature in features)
    reaches = [feature.reach for feature in features]
    longest = None if None in reaches else max(reach for reach in reaches if reach is not None)
    wanted = "grid on" if members is None else f"(select entity, as_of from {members}) using (entity) where"
    return (
        f"{source.name}_windows as (select entity, as_of,\n  {columns}\n"
        f"from {source.name}_daily join {wanted} {past(longest)}\ngroup by entity, as_of)"
    )


def _column(feature: Feature) -> str:
    name = feature.name
    if feature.source == "calendar":
        return f"cast({calendar.MEASURES[feature.measure or '']} as double) as {name}"
    # An entity without a row in a source has no window there: what counts is 0, the rest is null.
    return f"coalesce({name}, 0) as {name}" if feature.aggregation in NONE_IS_ZERO else name

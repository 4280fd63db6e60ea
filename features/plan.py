"""Compile declarations to one SQL plan.

Two levels: daily partials per entity, the mergeable pieces, then windows over them for every date of a
grid in one pass. A row counts at `as_of` only if its day and the day it became known are both earlier.
"""

from collections.abc import Sequence
from datetime import date

from features.feature import Feature
from features.label import NoEvent
from lake import Source


def snapshot_sql(features: Sequence[Feature], sources: Sequence[Source], entity: str, dates: Sequence[date]) -> str:
    """SQL with one row per entity and date: the entity, `as_of`, then every feature as a double.

    The sources are read from views of their own names. An entity appears at a date once it has an event
    before it, in any source.
    """
    used = [source for source in sources if any(feature.source == source.name for feature in features)]
    grid = ", ".join(f"(date'{day.isoformat()}')" for day in sorted(set(dates)))
    steps = [f"grid as (select * from values {grid} as g(as_of))"]
    for source in used:
        own = [feature for feature in features if feature.source == source.name]
        steps += [_daily(source, own), _windows(source, own)]
    keys = " union ".join(f"select entity, as_of from {source.name}_windows" for source in used)
    joins = "\n".join(f"left join {source.name}_windows using (entity, as_of)" for source in used)
    # An entity without a row in a source has no window there: what counts is 0, the rest is null.
    columns = ", ".join(_or_none(feature) for feature in features)
    return (
        "with " + ",\n".join(steps) + f",\nkeys as ({keys})\n"
        f"select entity as {entity}, as_of, {columns}\nfrom keys\n{joins}"
    )  # fmt: skip


def label_sql(label: NoEvent, source: Source, entity: str, dates: Sequence[date]) -> str:
    """SQL with one row per entity and date at which the entity has an event within the label's reach.

    Such an entity stays; one that is absent has left. Only for dates whose label has matured.
    """
    grid = ", ".join(f"(date'{day.isoformat()}')" for day in sorted(set(dates)))
    day = _day(source.event_time)
    return (
        f"with grid as (select * from values {grid} as g(as_of)),\n"
        f"days as (select distinct {source.entity} as entity, {day} as day from {source.name})\n"
        f"select distinct entity as {entity}, as_of\nfrom days join grid\n"
        f"on day >= as_of and day < date_add(as_of, {label.reach.days})"
    )


def _daily(source: Source, features: Sequence[Feature]) -> str:
    measures = sorted({feature.measure for feature in features if feature.measure})
    known = source.known_time or source.event_time
    pieces = ["count(*) as n"]
    for m in measures:
        pieces += [
            f"count({m}) as {m}_n", f"sum(cast({m} as double)) as {m}_sum",
            f"min({m}) as {m}_min", f"max({m}) as {m}_max",
            # Equal times are possible; the larger value wins, so that the answer does not depend on row order.
            f"max(struct({source.event_time}, {m})) filter (where {m} is not null) as {m}_last",
        ]  # fmt: skip
    return (
        f"{source.name}_daily as (select {source.entity} as entity, {_day(source.event_time)} as day, "
        f"{_day(known)} as known_day, {', '.join(pieces)}\nfrom {source.name} group by all)"
    )


def _windows(source: Source, features: Sequence[Feature]) -> str:
    columns = ",\n  ".join(f"cast({_expression(feature)} as double) as {feature.name}" for feature in features)
    return (
        f"{source.name}_windows as (select entity, as_of,\n  {columns}\n"
        f"from {source.name}_daily join grid on day < as_of and known_day < as_of\ngroup by entity, as_of)"
    )


def _expression(feature: Feature) -> str:
    m, within = feature.measure, _within(feature.window)
    days = f"count(distinct day){within}"
    interval = f"try_divide(datediff(max(day){within}, min(day){within}), {days} - 1)"
    return {
        "count": f"coalesce(sum(n){within}, 0)",
        "sum": f"coalesce({_sum(feature)}, 0)",
        "mean": f"try_divide({_sum(feature)}, sum({m}_n){within})",
        "min": f"min({m}_min){within}",
        "max": f"max({m}_max){within}",
        "last": f"(max({m}_last){within}).{m}",
        "active_days": days,
        "days_since_last": "datediff(as_of, max(day))",
        "days_since_first": "datediff(as_of, min(day))",
        "interval_mean": interval,
        "overdue": f"try_divide(datediff(as_of, max(day)), {interval})",
        "ratio": f"try_divide(coalesce(sum(n){within}, 0), sum(n){_within(feature.against)})",
    }[feature.aggregation]


def _or_none(feature: Feature) -> str:
    name = feature.name
    return f"coalesce({name}, 0) as {name}" if feature.aggregation in {"count", "sum", "active_days"} else name


def _sum(feature: Feature) -> str:
    """To the millionth: the order in which doubles are added must not show, or two builds would differ."""
    return f"round(sum({feature.measure}_sum){_within(feature.window)}, 6)"


def _within(window: int | None) -> str:
    return "" if window is None else f" filter (where day >= date_sub(as_of, {window}))"


def _day(time: str) -> str:
    """The calendar day of a date or a moment; the session's time zone, which is the project's, cuts moments."""
    return f"cast({time} as date)"

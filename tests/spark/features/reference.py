"""What features mean, said once more in the plainest way: row by row, date by date."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from features import Feature


@dataclass(frozen=True)
class Event:
    """A row of a log: when it happened and became known, and on which days that was in the project's time zone."""

    entity: int
    at: date | datetime
    known_at: date | datetime
    day: date
    known_day: date
    values: dict[str, Any]


Table = dict[tuple[int, date], dict[str, float | None]]


def expected(features: Sequence[Feature], events: Sequence[Event], dates: Sequence[date]) -> Table:
    """Features of every entity that has an event before a date, by entity and date."""
    values: Table = {}
    for as_of in dates:
        for entity in {event.entity for event in events}:
            past = [e for e in events if e.entity == entity and e.day < as_of and e.known_day < as_of]
            if past:
                values[entity, as_of] = {feature.name: value(feature, past, as_of) for feature in features}
    return values


def differences(computed: Table, wanted: Table) -> dict[object, object]:
    """Every value that is not the one wanted; sums are made to the millionth."""
    return {
        (*key, name): (computed[key][name], number)
        for key, values in wanted.items()
        for name, number in values.items()
        if not _same(computed[key][name], number)
    }


def _same(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= 2e-6


def value(feature: Feature, past: Sequence[Event], as_of: date) -> float | None:
    """One feature of one entity at one date, from the rows that count at that date."""
    # The conditions of these tests are all about the device.
    rows = past if feature.what is None else [event for event in past if event.values["device"] == "tv"]
    within, name, measure = _within(rows, as_of, feature.window), feature.aggregation, feature.measure
    if name == "share":
        return _part(within, _within(past, as_of, feature.window), measure)
    if name == "ratio":
        return _part(within, _within(rows, as_of, feature.against), measure)
    if measure == "double_value":
        return 2 * value(replace(feature, measure="value"), past, as_of)  # type: ignore[operator]  # a sum
    if name == "trend":
        return _trend(within, feature.window or 0, measure, as_of)
    if name == "state":
        latest = max((event.at for event in within), default=None)
        known_at = [e.values[measure or ""] for e in within if e.at == latest and e.values[measure or ""] is not None]
        return float(max(known_at)) if known_at else None
    if name == "days_until":
        return _days_until(within, measure or "", as_of)
    if measure is not None:
        return _of_values(name, [e for e in within if e.values[measure] is not None], measure)
    return _of_days(name, sorted({event.day for event in within}), len(within), as_of)


def _of_days(name: str, days: Sequence[date], count: int, as_of: date) -> float | None:
    if name in {"count", "active_days"}:
        return float(count if name == "count" else len(days))
    interval = _mean([(later - day).days for day, later in pairwise(days)])
    if name == "interval_mean" or not days:
        return interval
    since = {"days_since_first": days[0]}.get(name, days[-1])
    if name == "overdue":
        return None if interval is None else (as_of - since).days / interval
    assert name in {"days_since_first", "days_since_last"}
    return float((as_of - since).days)


def _trend(rows: Sequence[Event], window: int, measure: str | None, as_of: date) -> float:
    days = [as_of - timedelta(days=back) for back in range(window, 0, -1)]
    sums = [sum((row.values[measure] or 0) if measure else 1 for row in rows if row.day == day) for day in days]
    return statistics.linear_regression(range(window), sums).slope


def _days_until(rows: Sequence[Event], measure: str, as_of: date) -> float | None:
    latest = max((event.at for event in rows), default=None)
    days = [event.values[measure] for event in rows if event.at == latest and event.values[measure] is not None]
    return float((max(days) - as_of).days) if days else None


def _of_values(name: str, rows: Sequence[Event], measure: str) -> Any:
    values: list[Any] = [event.values[measure] for event in rows]
    if name == "sum":
        return float(sum(values))
    if name in {"distinct", "distinct_about"}:
        return float(len(set(values)))
    if name == "stddev":
        return statistics.stdev(values) if len(values) > 1 else None
    if not values:
        return None
    if name == "mean":
        return _mean(values)
    if name == "last":  # of equal times the larger value, so that the order of rows does not show
        latest = max(event.at for event in rows)
        return max(event.values[measure] for event in rows if event.at == latest)
    if name == "first":
        earliest = min(event.at for event in rows)
        return min(event.values[measure] for event in rows if event.at == earliest)
    return float({"min": min, "max": max}[name](values))


def _part(some: Sequence[Event], of: Sequence[Event], measure: str | None) -> float | None:
    parts = [sum(row.values[measure] or 0 for row in rows) if measure else len(rows) for rows in (some, of)]
    nothing = not any(row.values[measure] is not None for row in of) if measure else not of
    return None if nothing or parts[1] == 0 else parts[0] / parts[1]


def _within(past: Sequence[Event], as_of: date, window: int | None) -> list[Event]:
    return [event for event in past if window is None or event.day >= as_of - timedelta(days=window)]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None

"""What features mean, said once more in the plainest way: row by row, date by date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from features import Feature


@dataclass(frozen=True)
class Event:
    """A row of a log: when it happened and became known, and on which days that was in the project's time zone."""

    entity: int
    at: date | datetime
    known: date | datetime
    day: date
    known_day: date
    values: dict[str, float | None]


Table = dict[tuple[int, date], dict[str, float | None]]


def expected(features: Sequence[Feature], events: Sequence[Event], dates: Sequence[date]) -> Table:
    """Features of every entity that has an event before a date, by entity and date."""
    found: Table = {}
    for as_of in dates:
        for entity in {event.entity for event in events}:
            past = [e for e in events if e.entity == entity and e.day < as_of and e.known_day < as_of]
            if past:
                found[entity, as_of] = {feature.name: value(feature, past, as_of) for feature in features}
    return found


def differences(found: Table, wanted: Table) -> dict[object, object]:
    """Every value that is not the one wanted; sums are made to the millionth."""
    return {
        (*key, name): (found[key][name], number)
        for key, values in wanted.items()
        for name, number in values.items()
        if not _same(found[key][name], number)
    }


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= 2e-6


def value(feature: Feature, past: Sequence[Event], as_of: date) -> float | None:
    """One feature of one entity at one date, from the rows that count at that date."""
    within = _within(past, as_of, feature.window)
    name, days = feature.aggregation, sorted({event.day for event in within})
    if feature.measure is not None:
        return _of_values(name, [e for e in within if e.values[feature.measure] is not None], feature.measure)
    if name == "count":
        return float(len(within))
    if name == "active_days":
        return float(len(days))
    if name == "ratio":
        whole = len(_within(past, as_of, feature.against))
        return len(within) / whole if whole else None
    if name == "interval_mean":
        return _mean([(later - day).days for day, later in pairwise(days)])
    if name == "days_since_first":
        return float((as_of - days[0]).days)
    since = float((as_of - days[-1]).days)
    if name == "days_since_last":
        return since
    assert name == "overdue"
    interval = _mean([(later - day).days for day, later in pairwise(days)])
    return None if interval is None else since / interval


def _of_values(name: str, rows: Sequence[Event], measure: str) -> float | None:
    values: list[Any] = [event.values[measure] for event in rows]
    if name == "sum":
        return float(sum(values))
    if not values:
        return None
    if name == "mean":
        return _mean(values)
    if name == "last":  # of equal times the larger value, so that the order of rows does not show
        latest = max(event.at for event in rows)
        return max(event.values[measure] or 0.0 for event in rows if event.at == latest)
    return float({"min": min, "max": max}[name](values))


def _within(past: Sequence[Event], as_of: date, window: int | None) -> list[Event]:
    return [event for event in past if window is None or event.day >= as_of - timedelta(days=window)]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None

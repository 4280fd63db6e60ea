"""Dates in SQL: the grid, days of moments, and which rows are past."""

from collections.abc import Sequence
from datetime import date


def grid(dates: Sequence[date]) -> str:
    """A common table expression `grid` with the snapshot dates as `as_of`."""
    days = ", ".join(f"(date'{day.isoformat()}')" for day in sorted(set(dates)))
    return f"grid as (select * from values {days} as g(as_of))"


def day_of(time: str) -> str:
    """The calendar day of a date or a moment; the session's time zone, which is the project's, cuts moments."""
    return f"cast({time} as date)"


def past(reach: int | None = None) -> str:
    """True for rows that had happened and were known before `as_of`, at most `reach` days before it."""
    bounded = "" if reach is None else f" and day >= date_sub(as_of, {reach})"
    return f"day < as_of and known_day < as_of{bounded}"

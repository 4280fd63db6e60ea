"""Units of columns, and the text of a value in each unit."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

#: shown where a value is null.
NO_VALUE = "–"


def _number(value: Any) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:,.2f}"


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


def _day(value: Any) -> str:
    return value.isoformat()[:10] if isinstance(value, date) else str(value)


#: unit -> text of a value that is not null. Money has the project's currency in its column or in the description.
UNITS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "date": _day,
    "moment": _moment,
    "month": lambda value: _day(value)[:7],
    "count": lambda value: f"{value:,.0f}",
    "number": _number,
    "coefficient": lambda value: f"{value:.4f}",
    "share": lambda value: f"{value:.1%}",
    "points": lambda value: f"{100 * value:+.1f} points",
    "money": lambda value: f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}",
    "seconds": lambda value: f"{value:,.1f} s",
    "days": lambda value: f"{value:,.1f} days",
    "minutes": lambda value: f"{value:,.1f} min",
}

#: units whose values are numbers: shown at the right of a cell, and on the value axis of a chart.
NUMBERS = frozenset(UNITS) - {"text", "date", "moment", "month"}

#: d3 formats of the axis of a chart.
AXES = {"share": ".0%", "points": "+.1%", "count": ",~s", "money": ",~s", "number": ",~r"}


def show_value(value: Any, unit: str) -> str:
    """The text of a value, such as `12.5%` for 0.125 as a share."""
    return NO_VALUE if value is None else UNITS[unit](value)

"""Elements of a page: plain text that the writers of Markdown and HTML escape."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.markdown import figure

#: text for a missing value.
UNKNOWN = "not known"
#: length of a hash on the page.
HASH = 12

#: a text, or yes or no.
Cell = str | bool


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Command:
    """Shell commands."""

    lines: Sequence[str]


@dataclass(frozen=True)
class TableBlock:
    """A table; `heads` are the titles of its columns."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Picture:
    """A PNG with its caption; only HTML shows it."""

    caption: str
    png: bytes


Block = Text | Items | Command | TableBlock | Picture


@dataclass(frozen=True)
class Section:
    """A section of a page.

    Attributes:
        title: its heading.
        blocks: its content.
        brief: a shorter content for a limited length; None if there is none.
    """

    title: str
    blocks: Sequence[Block]
    brief: Sequence[Block] | None = None


@dataclass(frozen=True)
class Page:
    """A review page, or a page of another kind.

    Attributes:
        title: model and version.
        good: whether the gate accepts.
        verdict: the gate's decision and the next step, one paragraph.
        lead: blocks that are always shown below the verdict.
        sections: the most important first.
        kind: first word of its heading.
    """

    title: str
    good: bool
    verdict: str
    lead: Sequence[Block]
    sections: Sequence[Section]
    kind: str = "Review"


def get_nested(raw: object, *path: str) -> Any:
    """Value at a path of nested mappings; None if it is missing."""
    for key in path:
        raw = raw.get(key) if isinstance(raw, Mapping) else None
    return raw


def mappings_at(raw: object, *path: str) -> list[Mapping[str, Any]]:
    """Mappings in the list at a path; empty if there is no list."""
    values = get_nested(raw, *path)
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list | tuple) else []


def finite_number(raw: object) -> float | None:
    """The value if it is a finite number; None otherwise."""
    is_finite = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
    return float(raw) if is_finite else None  # type: ignore[arg-type]  # checked above


def format_estimate(raw: object, digits: int = 4, sign: str = "") -> str:
    """A value with its 95% interval, or `UNKNOWN`."""
    values = {name: finite_number(get_nested(raw, name)) for name in ("value", "low", "high")}
    numbers = {name: value for name, value in values.items() if value is not None}
    return figure(numbers, digits, sign) if len(numbers) == 3 else UNKNOWN


def format_share(raw: object) -> str:
    """A share in percent."""
    number = finite_number(raw)
    return UNKNOWN if number is None else f"{number:.1%}"


def format_count(raw: object) -> str:
    """A whole number."""
    number = finite_number(raw)
    return UNKNOWN if number is None else f"{number:,.0f}"


def format_value(raw: object) -> str:
    """A value as text, or `UNKNOWN`."""
    return UNKNOWN if raw is None else str(raw)

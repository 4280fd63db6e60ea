"""What a page is made of: plain text in a few forms, which the writers of Markdown and HTML escape."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.markdown import figure

#: what stands where a figure is missing.
UNKNOWN = "not known"
#: signs of a hash that are enough to compare by eye.
HASH = 12

#: a text, or whether something is so.
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
    """Lines to be typed into a shell."""

    lines: Sequence[str]


@dataclass(frozen=True)
class TableBlock:
    """Rows of cells under their heads."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Picture:
    """A PNG with what it shows; HTML only."""

    caption: str
    png: bytes


Block = Text | Items | Command | TableBlock | Picture


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: its heading.
        blocks: all of it.
        brief: what stands for it where there is little room; None if nothing shorter says enough.
    """

    title: str
    blocks: Sequence[Block]
    brief: Sequence[Block] | None = None


@dataclass(frozen=True)
class Page:
    """A review.

    Attributes:
        title: what is reviewed.
        good: whether the gate accepts.
        verdict: in one paragraph, what the gate says and what is waited for.
        lead: what is always shown with it.
        sections: the most important first.
    """

    title: str
    good: bool
    verdict: str
    lead: Sequence[Block]
    sections: Sequence[Section]


def dig(raw: object, *path: str) -> Any:
    """What lies at the path of a file's content; None where there is nothing."""
    for key in path:
        raw = raw.get(key) if isinstance(raw, Mapping) else None
    return raw


def rows_of(raw: object, *path: str) -> list[Mapping[str, Any]]:
    """The mappings of a list at the path; none where there is no list."""
    found = dig(raw, *path)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []


def number(raw: object) -> float | None:
    """A finite number; None for whatever else a file may hold there."""
    good = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
    return float(raw) if good else None  # type: ignore[arg-type]  # seen above


def said(raw: object, digits: int = 4, sign: str = "") -> str:
    """A figure with its 95% interval, or that it is not known."""
    told = {name: found for name in ("value", "low", "high") if (found := number(dig(raw, name))) is not None}
    return figure(told, digits, sign) if len(told) == 3 else UNKNOWN


def share(raw: object) -> str:
    """A share in percent."""
    found = number(raw)
    return UNKNOWN if found is None else f"{found:.1%}"


def count(raw: object) -> str:
    """A whole number."""
    found = number(raw)
    return UNKNOWN if found is None else f"{found:,.0f}"


def words(raw: object) -> str:
    """A value as text."""
    return UNKNOWN if raw is None else str(raw)

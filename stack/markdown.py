"""Markdown for the MLflow UI and for pages of a repository: escaping, tables, intervals, shortening."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence

#: maximum number of characters of a version's description in MLflow's registry.
MAX_DESCRIPTION = 5000

_SIGNS = re.compile(
    r"(?P<begins>^(?:#{1,6}|[-+]|-{3,}|=+|\d{1,9}[.)])(?=\s|$))"  # a heading, a list, a rule
    r"|(?P<entity>:(?=//|[\w+-]+:)|(?<=www)\.|[$@])"  # MLflow would show a backslash here, or make a link or an emoji
    r"|[\\`*_\[\]|~]",
    re.IGNORECASE,
)


def escape(text: object) -> str:
    """Text on one line with all characters of HTML and Markdown escaped."""
    return _SIGNS.sub(_escape_sign, html.escape(" ".join(str(text).split()), quote=False))


def _escape_sign(sign: re.Match[str]) -> str:
    if sign["entity"]:
        return f"&#{ord(sign[0])};"
    return f"{sign[0][:-1]}\\{sign[0][-1]}" if sign[0][-1] in ".)" else f"\\{sign[0]}"


def shorten(text: str, max_length: int, rest: str) -> str:
    """The sections that fit, with a reference to the rest; if no section fits, the paragraphs that fit.

    Args:
        text: Markdown whose sections begin with `## `.
        max_length: maximum number of characters.
        rest: the reference, a paragraph.
    """
    if len(text) <= max_length:
        return text
    shortened = text.removesuffix(rest).rstrip()
    for border in ("\n## ", "\n\n"):
        while len(shortened) + len(rest) + 2 > max_length and border in shortened:
            shortened = shortened[: shortened.rfind(border)].rstrip()
    return f"{shortened[: max_length - len(rest) - 2]}\n\n{rest}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; cells are Markdown. Spaces separate columns for pages without a table style."""
    lines = [f"| {'&ensp; | '.join(cells)} |" for cells in (heads, *rows)]
    return [lines[0], f"|{' --- |' * len(heads)}", *lines[1:]]


def figure(interval: Mapping[str, float], digits: int = 4, sign: str = "") -> str:
    """A number with its 95% interval, if the evidence has one.

    Args:
        interval: `value`, and perhaps `low` and `high`.
        digits: digits after the point.
        sign: `+` to write a plus too.
    """
    form = f"{sign}.{digits}f"
    if "low" not in interval:
        return format(interval["value"], form)
    return f"{interval['value']:{form}} ({interval['low']:{form}} to {interval['high']:{form}})"

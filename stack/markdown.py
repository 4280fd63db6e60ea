"""Small pieces of Markdown, as the MLflow UI and a repository's page show it."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence

#: characters that MLflow's registry holds of a version's description.
LONGEST = 5000

_SIGNS = re.compile(
    r"(?P<begins>^(?:#{1,6}|[-+]|-{3,}|=+|\d{1,9}[.)])(?=\s|$))"  # a heading, a list, a rule
    r"|(?P<entity>:(?=//|[\w+-]+:)|(?<=www)\.|[$@])"  # MLflow shows the backslash here, or makes a link or a smiley
    r"|[\\`*_\[\]|~]",
    re.IGNORECASE,
)


def escape(text: object) -> str:
    """Text on one line that shows as it is, whatever signs of HTML or Markdown it holds."""
    return _SIGNS.sub(_shown, html.escape(" ".join(str(text).split()), quote=False))


def _shown(sign: re.Match[str]) -> str:
    if sign["entity"]:
        return f"&#{ord(sign[0])};"
    return f"{sign[0][:-1]}\\{sign[0][-1]}" if sign[0][-1] in ".)" else f"\\{sign[0]}"


def shorten(text: str, longest: int, rest: str) -> str:
    """As many whole sections as fit, with a pointer to the rest; if none does, as many whole paragraphs.

    Args:
        text: Markdown whose sections begin with `## `.
        longest: characters.
        rest: the pointer, a paragraph.
    """
    if len(text) <= longest:
        return text
    shortened = text.removesuffix(rest).rstrip()
    for border in ("\n## ", "\n\n"):
        while len(shortened) + len(rest) + 2 > longest and border in shortened:
            shortened = shortened[: shortened.rfind(border)].rstrip()
    return f"{shortened[: longest - len(rest) - 2]}\n\n{rest}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; cells are Markdown already. Spaces keep columns apart where the page's style does not."""
    lines = [f"| {'&ensp; | '.join(cells)} |" for cells in (heads, *rows)]
    return [lines[0], f"|{' --- |' * len(heads)}", *lines[1:]]


def figure(interval: Mapping[str, float], digits: int = 4, sign: str = "") -> str:
    """A number with its 95% interval, if the evidence has one.

    Args:
        interval: `value`, and perhaps `low` and `high`.
        digits: after the point.
        sign: `+` where a plus is written too.
    """
    form = f"{sign}.{digits}f"
    if "low" not in interval:
        return format(interval["value"], form)
    return f"{interval['value']:{form}} ({interval['low']:{form}} to {interval['high']:{form}})"

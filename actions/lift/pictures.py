"""Pictures of measured lift: by campaign, by segment, and the money of each campaign."""

from collections.abc import Iterator, Sequence
from typing import Any

from actions.lift.lift_row import (
    ALL_ACTIONS,
    ALL_CAMPAIGNS,
    ALL_SEGMENTS,
    BETTER,
    CAMPAIGN_CONTROL,
    HARMED,
    LiftRow,
)
from training.report.canvas import ACCENT, FAINT, INK, OTHERS, WARM, plain, sheet

COLORS = {BETTER: ACCENT, HARMED: WARM}
#: color of a difference that is not sure.
UNSURE = OTHERS[0]
#: campaigns of a picture, the latest ones; more cannot be read.
MAX_LINES = 40
Line = tuple[str, LiftRow, tuple[float, float, float]]


def lift_gallery(rows: Sequence[LiftRow], currency: str) -> Iterator[tuple[str, Any]]:
    """Names and figures of the pictures that have something to show.

    Args:
        rows: measured rows; only those against the control group of the campaign are drawn.
        currency: of the amounts.
    """
    measured = [row for row in rows if row.estimate is not None and row.comparison == CAMPAIGN_CONTROL]
    campaigns = [row for row in measured if row.is_whole]
    if not campaigns:
        return
    shown = [*campaigns[:1], *campaigns[1:][-MAX_LINES:]]
    title = "Lift by campaign, against its control group"
    yield "lift_by_campaign", _forest(title, "people who stayed, treated minus control, points", _points(shown))
    yield "money_by_campaign", _forest("Money by campaign", f"value of the people kept minus cost, {currency}",
                                       _money(shown))  # fmt: skip
    groups = [row for row in measured if row.campaign == ALL_CAMPAIGNS and not row.is_whole]
    actions = [row for row in groups if row.segment == ALL_SEGMENTS]
    segments = [row for row in groups if row.action == ALL_ACTIONS]
    for name, group_title, chosen in (("action", "Lift by action", actions), ("segment", "Lift by segment", segments)):
        if chosen:
            yield f"lift_by_{name}", _forest(
                f"{group_title}, all campaigns", "people who stayed, treated minus control, points",
                _points([*campaigns[:1], *chosen]), "after correction for the number of groups",
            )  # fmt: skip


def _points(rows: Sequence[LiftRow]) -> list[Line]:
    return [
        (_label(row), row, (100 * lift.value, 100 * lift.low, 100 * lift.high))
        for row in rows
        if (lift := row.estimate) is not None
    ]


def _money(rows: Sequence[LiftRow]) -> list[Line]:
    """Money of every campaign; the sum over all would make the others too small to read."""
    return [(_label(row), row, row.money) for row in rows if row.money and row.campaign != ALL_CAMPAIGNS]


def _label(row: LiftRow) -> str:
    name = row.campaign if row.is_whole else row.name.removeprefix("action ")
    return f"{name}  ({row.treated:,} / {row.control:,})"


def _forest(title: str, axis: str, lines: Sequence[Line], note: str = "") -> Any:
    """One line per interval, the first on top."""
    figure = sheet(f"{title}, 95% intervals", (9, 1.9 + 0.27 * len(lines)))
    axes = figure.subplots()
    plain(axes, axis, "")
    for place, (_, row, (value, low, high)) in enumerate(reversed(lines)):
        color = COLORS.get(row.conclusion, UNSURE)
        axes.plot([low, high], [place, place], color=color, linewidth=2.2, solid_capstyle="butt")
        marker = "D" if row.campaign == ALL_CAMPAIGNS and row.is_whole else "o"
        axes.plot([value], [place], marker, color=color, markersize=6)
    axes.axvline(0, color=FAINT, linewidth=1, zorder=0)
    axes.set_yticks(range(len(lines)), [label for label, _, _ in reversed(lines)], fontsize=9)
    axes.set_ylim(-0.7, len(lines) - 0.3)
    axes.locator_params(axis="x", nbins=7)
    axes.xaxis.set_major_formatter("{x:,g}")
    _legend(axes, note)
    return figure


def _legend(axes: Any, note: str) -> None:
    words = ((BETTER, ACCENT, "better"), (HARMED, WARM, "harmed"), ("", UNSURE, "no sure difference"))
    for _, color, name in words:
        axes.plot([], [], "o-", color=color, label=name)
    title = f"{note + '; ' if note else ''}people: (treated / control)"
    legend = axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, title=title,
                         fontsize=9, title_fontsize=9)  # fmt: skip
    legend.get_title().set_color(INK)

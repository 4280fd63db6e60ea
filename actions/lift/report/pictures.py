"""Pictures of measured lift: by campaign, by segment, and the money of each campaign."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actions.lift.measure.lift_row import (
    ALL_ACTIONS,
    ALL_CAMPAIGNS,
    ALL_SEGMENTS,
    BETTER,
    CAMPAIGN_CONTROL,
    HARMED,
    LiftRow,
)
from training.report.canvas import ACCENT, FAINT, INK, OTHERS, WARM, plain, sheet

#: color of a difference that is not sure.
UNSURE = OTHERS[0]
COLORS = {BETTER: ACCENT, HARMED: WARM}
LIFT_LEGEND = {"better": ACCENT, "harmed": WARM, "no sure difference": UNSURE}
MONEY_LEGEND = {"won money": ACCENT, "lost money": WARM, "not sure": UNSURE}
#: campaigns of a picture, the latest ones; more cannot be read.
MAX_LINES = 40
#: label, value, low, high, color.
Line = tuple[str, float, float, float, str]
POINTS = "people who stayed, treated minus control, points"


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
    yield "lift_by_campaign", _forest(title, POINTS, _points(shown), LIFT_LEGEND)
    axis = f"value of the people kept minus cost, {currency}"
    yield "money_by_campaign", _forest("Money by campaign", axis, _money(shown), MONEY_LEGEND)
    groups = [row for row in measured if row.campaign == ALL_CAMPAIGNS and not row.is_whole]
    chosen = {
        "action": [row for row in groups if row.segment == ALL_SEGMENTS],
        "segment": [row for row in groups if row.action == ALL_ACTIONS],
    }
    for kind, rows_of_kind in chosen.items():
        if rows_of_kind:
            lines = _points([*campaigns[:1], *rows_of_kind])
            note = "colors are corrected for the number of groups; "
            yield f"lift_by_{kind}", _forest(f"Lift by {kind}, all campaigns", POINTS, lines, LIFT_LEGEND, note)


def _points(rows: Sequence[LiftRow]) -> list[Line]:
    return [
        (_label(row), 100 * lift.value, 100 * lift.low, 100 * lift.high, COLORS.get(row.conclusion, UNSURE))
        for row in rows
        if (lift := row.estimate) is not None
    ]


def _money(rows: Sequence[LiftRow]) -> list[Line]:
    """Money of every campaign; the sum over all would make the others too small to read."""
    amounts = [(row, row.money) for row in rows if row.money and row.campaign != ALL_CAMPAIGNS]
    return [
        (_label(row), value, low, high, ACCENT if low > 0 else WARM if high < 0 else UNSURE)
        for row, (value, low, high) in amounts
    ]


def _label(row: LiftRow) -> str:
    name = row.campaign if row.is_whole else row.name.removeprefix("action ")
    return f"{name}  ({row.treated:,} / {row.control:,})"


def _forest(title: str, axis: str, lines: Sequence[Line], legend: Mapping[str, str], note: str = "") -> Any:
    """One line per interval, the first on top."""
    figure = sheet(f"{title}, 95% intervals", (9, 1.9 + 0.27 * len(lines)))
    axes = figure.subplots()
    plain(axes, axis, "")
    for place, (_, value, low, high, color) in enumerate(reversed(lines)):
        axes.plot([low, high], [place, place], color=color, linewidth=2.2, solid_capstyle="butt")
        axes.plot([value], [place], "o", color=color, markersize=6)
    axes.axvline(0, color=FAINT, linewidth=1, zorder=0)
    axes.set_yticks(range(len(lines)), [label for label, *_ in reversed(lines)], fontsize=9)
    axes.set_ylim(-0.7, len(lines) - 0.3)
    axes.locator_params(axis="x", nbins=7)
    axes.xaxis.set_major_formatter("{x:,g}")
    for name, color in legend.items():
        axes.plot([], [], "o-", color=color, label=name)
    drawn = axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9,
                        title=f"{note}people: (treated / control)", title_fontsize=9)  # fmt: skip
    drawn.get_title().set_color(INK)
    return figure

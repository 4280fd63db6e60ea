"""Pictures of what drives a model: reasons, features, and the curve of each strong feature."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from features import Feature
from training.data.validation import OUT_OF_TIME
from training.evaluate.metrics import Floats
from training.models.churn_model import Attribution
from training.report.canvas import (
    ACCENT,
    FAINT,
    INK,
    WARM,
    canvas,
    is_binary,
    plain,
    sheet,
    short,
    with_unit,
)

STRONGEST, ACROSS = 6, 3
BARS = 20
#: number of groups of equal size whose medians form the line of a dependence curve.
STEPS = 16


def reasons_picture(attribution: Attribution, validation_name: str = OUT_OF_TIME) -> Any:
    """Mean absolute contribution of each reason to the log-odds; `validation_name` names the rows."""
    weight = np.abs(attribution.sums).mean(axis=0)
    order = np.argsort(weight, kind="stable")
    return _bars(f"Contribution by reason, {validation_name}", [attribution.names[i] for i in order], weight[order])


def features_picture(attribution: Attribution, features: Sequence[Feature], validation_name: str = OUT_OF_TIME) -> Any:
    """The same of the twenty strongest features."""
    weight = np.abs(attribution.features).mean(axis=0)
    order = np.argsort(weight, kind="stable")[-BARS:]
    title = f"Contribution by feature, {validation_name}"
    return _bars(title, [features[i].description for i in order], weight[order])


def dependence_picture(attribution: Attribution, rows: Floats, features: Sequence[Feature]) -> Any:
    """Contributions of the six strongest features by value: one point per row, and the running median."""
    strongest = np.argsort(-np.abs(attribution.features).mean(axis=0), kind="stable")[:STRONGEST]
    lines = -(-len(strongest) // ACROSS)
    figure = sheet("How the strongest features move the log-odds of leaving", (13, 0.6 + 3.6 * lines))
    grid = figure.subplots(lines, ACROSS, squeeze=False).ravel()
    for axes, column in zip(grid, strongest, strict=False):
        _curve(axes, rows[:, column], attribution.features[:, column], features[column])
    for axes in grid[len(strongest) :]:
        axes.set_visible(False)
    return figure


def _bars(title: str, names: Sequence[str], weight: Floats) -> Any:
    height = max(3.6, 1.8 + 0.36 * len(names))
    figure, axes = canvas(title, "mean absolute contribution to the log-odds", "", (9.5, height))
    axes.barh(np.arange(len(names)), weight, color=ACCENT, height=0.65)
    axes.set_yticks(np.arange(len(names)), [textwrap.fill(name, 60) for name in names])
    total = max(float(weight.sum()), 1e-12)
    for place, size in enumerate(weight):
        axes.text(size, place, f" {size / total:.0%}", va="center", color=INK, fontsize=9)
    axes.margins(x=0.08, y=0.02)
    return figure


def _curve(axes: Any, value: Floats, added: Floats, feature: Feature) -> None:
    present = ~np.isnan(value)
    axes.axhline(0, color=FAINT, linewidth=1)
    if present.any():
        _points(axes, value[present], added[present])
    if not present.all():
        level = float(np.median(added[~present]))
        label = f"no value: {1 - present.mean():.0%} of rows"
        axes.axhline(level, color=WARM, linestyle="--", linewidth=1.2, label=label)
        axes.legend(frameon=False, fontsize=8, loc="best")
    plain(axes, with_unit(feature, 44), "adds to the log-odds")


def _points(axes: Any, value: Floats, added: Floats) -> None:
    """Rows up to the 99th percentile, because a few extreme values would compress all others."""
    if is_binary(value):
        _binary_points(axes, value, added)
        return
    low, high = np.quantile(value, [0.005, 0.99])
    in_range = (value >= low) & (value <= high)
    axes.scatter(value[in_range], added[in_range], s=5, color=ACCENT, alpha=0.18, linewidths=0, rasterized=True)
    middle, median = running_median(value[in_range], added[in_range])
    axes.plot(middle, median, color=INK, linewidth=1.8)
    axes.xaxis.set_major_formatter(lambda number, _: short(number))


def _binary_points(axes: Any, value: Floats, added: Floats) -> None:
    """Medians of a binary feature for no and yes, with the middle 80% of the rows."""
    for place in np.unique(value):
        low, median, high = np.quantile(added[value == place], [0.1, 0.5, 0.9])
        axes.errorbar(place, median, [[median - low], [high - median]], fmt="o", color=INK, ecolor=ACCENT, capsize=4)
    axes.set_xticks([0, 1], ["no", "yes"])
    axes.set_xlim(-0.5, 1.5)


def running_median(value: Floats, added: Floats) -> tuple[Floats, Floats]:
    """Medians of `value` and of `added` in groups of equal size by value; equal values stay together."""
    edges = np.unique(np.quantile(value, np.linspace(0, 1, STEPS + 1)))
    group = np.clip(np.searchsorted(edges, value, side="right") - 1, 0, max(0, len(edges) - 1))
    groups = np.unique(group)
    middle = np.array([np.median(value[group == number]) for number in groups])
    return middle, np.array([np.median(added[group == number]) for number in groups])

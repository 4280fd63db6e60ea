"""Pictures that compare a challenger with the version in production on the same rows."""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from stack.markdown import figure as format_interval
from training.evaluate.bootstrap import Entities
from training.evaluate.metrics import Floats, calibration_table
from training.report.canvas import (
    ACCENT,
    FAINT,
    INK,
    OTHERS,
    WARM,
    canvas,
    plain,
    sheet,
)
from training.report.curves import observed_interval, percent

#: colour of the version in production.
PRODUCTION_COLOR = OTHERS[0]
#: colours of densities, from few rows to many.
DENSITY = LinearSegmentedColormap.from_list("density", ["#d0ebf0", ACCENT, "#062f38"])


@dataclass(frozen=True)
class Pair:
    """Two versions on the same rows.

    Attributes:
        labels: (n,) 1 who left, 0 who stayed.
        challenger: (n,) probabilities of the challenger.
        production: (n,) probabilities of the version in production.
        entity: (n,) entity of each row.
        names: names of both versions, the challenger first.
    """

    labels: NDArray[np.int_]
    challenger: Floats
    production: Floats
    entity: Entities
    names: tuple[str, str]


def comparison_gallery(
    pair: Pair, measured: Mapping[str, Any], margin: float, seed: int = 1
) -> Iterator[tuple[str, Any]]:
    """Yield names and figures.

    Args:
        pair: both versions on the same rows.
        measured: `auc` of the challenger and `comparison` with `auc`, `bootstrap` and `delong`, each a value with its
            interval, and `moved` with `entered` and `withdrawn`, as a promotion measures them.
        margin: allowed loss of AUC against production.
        seed: random seed of the error bars.
    """
    yield "auc", auc_picture(measured, margin, pair.names)
    yield "moved", moved_picture(pair, measured["moved"])
    yield "calibration", calibration_picture(pair, seed)
    yield "scores", scores_picture(pair)


def pngs(pictures: Iterable[tuple[str, Any]], dpi: int = 110) -> dict[str, bytes]:
    """Pictures as the bytes of PNG files, by name; `dpi` is in dots per inch."""
    return {name: _png(figure, dpi) for name, figure in pictures}


def auc_picture(measured: Mapping[str, Any], margin: float, names: tuple[str, str]) -> Any:
    """ROC-AUC of both with intervals; below, the paired difference and the margin of the gate."""
    figure = sheet("ROC-AUC on the same rows, 95% intervals", (7.5, 4.6))
    above, below = figure.subplots(2)
    comparison = measured["versus"]
    plain(above, "ROC-AUC", "")
    _intervals(above, [(names[0], measured["auc"], ACCENT), (names[1], comparison["auc"], PRODUCTION_COLOR)])
    plain(below, f"difference, {names[0]} minus {names[1]}", "")
    intervals = [("by bootstrap", comparison["bootstrap"], ACCENT), ("by DeLong", comparison["delong"], ACCENT)]
    _intervals(below, intervals, "+")
    far = max(1.5 * margin, *(abs(interval[end]) for _, interval, _ in intervals for end in ("low", "high")))
    below.set_xlim(-1.25 * far, 1.25 * far)
    below.axvline(0, color=FAINT, linewidth=1, zorder=0)
    below.axvline(-margin, color=WARM, linewidth=1.4, linestyle="--", zorder=0)
    below.annotate(f"allowed: -{margin:g}", (-margin, 1), (4, -2), xycoords=("data", "axes fraction"), va="top",
                   textcoords="offset points", color=WARM, fontsize=9)  # fmt: skip
    return figure


def moved_picture(pair: Pair, moved: Mapping[str, Any]) -> Any:
    """Density of each row's rank by production and by the challenger, with lines at the riskiest tenth."""
    title, before, now = "Who is scored differently", f"rank by {pair.names[1]}", f"rank by {pair.names[0]}"
    figure, axes = canvas(title, f"{before}, 100% is the riskiest", f"{now}, 100% is the riskiest", (7, 6))
    drawn = axes.hexbin(_ranks(pair.production), _ranks(pair.challenger), gridsize=45, extent=(0, 1, 0, 1),
                        bins="log", mincnt=1, cmap=DENSITY, linewidths=0.1)  # fmt: skip
    bar = figure.colorbar(drawn, ax=axes, shrink=0.6, label="rows in a cell", format="{x:,.0f}")
    bar.outline.set_visible(False)
    for line in (axes.axvline, axes.axhline):
        line(0.9, color=WARM, linewidth=1.2, linestyle="--")
    words = {"color": WARM, "fontsize": 9, "bbox": {"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 2}}
    axes.text(0.02, 0.98, f"{moved['entered']:,} enter the riskiest tenth", ha="left", va="top", **words)
    axes.text(0.985, 0.02, f"{moved['withdrawn']:,} leave it", ha="right", va="bottom", **words)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    percent(axes.xaxis, axes.yaxis)
    return figure


def calibration_picture(pair: Pair, seed: int) -> Any:
    """Predicted probability of both against the share that left, in tenths of the rows, with 95% intervals."""
    title = "Calibration on the same rows"
    figure, axes = canvas(title, "predicted probability of leaving", "share that left, 95% interval", (6.5, 6))
    top = 0.01
    for name, probability, color in _both(pair):
        predicted, observed, _ = calibration_table(pair.labels, probability)
        low, high = observed_interval(pair.labels, probability, pair.entity, seed)
        bars = np.clip(np.vstack([observed - low, high - observed]), 0, None)
        axes.errorbar(predicted, observed, bars, fmt="o-", color=color, capsize=3, markersize=4.5, label=name)
        top = max(top, 1.05 * float(predicted.max()), 1.05 * float(high.max()))
    axes.plot([0, top], [0, top], color=FAINT, linestyle=":", linewidth=1, label="as predicted", zorder=0)
    axes.set(xlim=(0, top), ylim=(0, top))
    percent(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False, loc="upper left", title="a point is a tenth of the rows", alignment="left")
    return figure


def scores_picture(pair: Pair) -> Any:
    """Distributions of the probability of both."""
    figure, axes = canvas("Scores of all rows", "predicted probability of leaving", "share of the rows")
    top = max(0.01, *(float(np.quantile(scores, 0.999)) for _, scores, _ in _both(pair)))
    bins = np.linspace(0, top, 51)
    for name, probability, color in _both(pair):
        clipped, weights = np.clip(probability, 0, top), np.full(len(probability), 1 / max(1, len(probability)))
        axes.hist(clipped, bins=bins, weights=weights, color=color, alpha=0.2)
        axes.hist(clipped, bins=bins, weights=weights, color=color, histtype="step", linewidth=1.6,
                  label=f"{name}: {probability.mean():.1%} on average")  # fmt: skip
    axes.axvline(float(pair.labels.mean()), color=INK, linewidth=1, linestyle=":",
                 label=f"{pair.labels.mean():.1%} left")  # fmt: skip
    axes.set_ylim(top=1.25 * axes.get_ylim()[1])  # space for the legend
    percent(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False, loc="upper right")
    return figure


def _both(pair: Pair) -> list[tuple[str, Floats, str]]:
    """Production first, so that the challenger is drawn on top."""
    return [(pair.names[1], pair.production, PRODUCTION_COLOR), (pair.names[0], pair.challenger, ACCENT)]


def _intervals(axes: Any, intervals: list[tuple[str, Mapping[str, float], str]], sign: str = "") -> None:
    """One line per interval, the first on top, with its figures above the line."""
    for place, (_, interval, color) in enumerate(reversed(intervals)):
        axes.plot(
            [interval["low"], interval["high"]], [place, place], color=color, linewidth=2.2, solid_capstyle="butt"
        )
        axes.plot([interval["value"]], [place], "o", color=color, markersize=7)
        axes.annotate(format_interval(interval, 4, sign), (interval["value"], place), (0, 8), ha="center",
                      textcoords="offset points", color=INK, fontsize=9)  # fmt: skip
    axes.set_yticks(range(len(intervals)), [name for name, _, _ in reversed(intervals)])
    axes.set_ylim(-0.5, len(intervals) - 0.1)
    axes.margins(x=0.25)
    axes.locator_params(axis="x", nbins=6)


def _ranks(probability: Floats) -> Floats:
    """Rank of each row from 0 to 1, ties in the middle; the riskiest tenth is above 0.9."""
    from scipy.stats import rankdata

    ranks: Floats = (rankdata(probability) - 0.5) / len(probability)
    return ranks


def _png(figure: Any, dpi: int) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=dpi)
    return content.getvalue()

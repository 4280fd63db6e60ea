"""Pictures of a response model: gain by budget, effect by tenth, average effect of each action, gains of learners."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter

from actions.experiment import Floats
from actions.uplift.effect_measurement import EffectCalibration
from actions.uplift.evaluation import Evaluation
from actions.uplift.evidence import UpliftResults
from actions.uplift.learners import CONSTANT
from actions.uplift.policy_gain import policy_curve
from training.evaluate.bootstrap import Interval, entity_weights
from training.report.canvas import ACCENT, FAINT, INK, OTHERS, WARM, canvas
from training.report.curves import percent

#: bootstrap draws of the band of a curve.
BAND_DRAWS = 400


def uplift_gallery(results: UpliftResults, seed: int) -> Iterator[tuple[str, Any]]:
    """Yield names and figures.

    Args:
        results: what was measured.
        seed: random seed of the bands.
    """
    yield "qini", qini_picture(results.evaluation, seed)
    yield "effect_by_decile", calibration_picture(results.calibration)
    yield "average_effects", average_effects_picture(results.average_effects)
    yield "learners", learners_picture(results.evaluation)


def qini_picture(evaluation: Evaluation, seed: int) -> Any:
    """Gain by share of people, with a 95% band, beside one effect for everybody, on the judged rows."""
    name = evaluation.chosen
    constant = evaluation.targetings[CONSTANT.name]
    figure, axes = canvas(
        f"People kept by budget, judged campaigns: {name}",
        "share of people who get their best action, largest predicted effect first",
        "gain in people who stay, points of all people",
    )
    once = np.ones((1, len(evaluation.split.judged)))
    total = float(constant.policy_gain.mean())
    axes.axhline(0, color=FAINT, linewidth=1)
    axes.plot([0, 1], [0, total], color=OTHERS[0], linestyle="--", linewidth=1.6,
              label=f"one effect for everybody {_points(total / 2)} on average")  # fmt: skip
    if name != CONSTANT.name:
        targeting, gain = evaluation.targetings[name], evaluation.judged[name]
        x, value = policy_curve(targeting, once)
        low, high = np.percentile(_drawn_curves(evaluation, name, seed), [2.5, 97.5], axis=0)
        axes.fill_between(x, low, high, color=ACCENT, alpha=0.15, linewidth=0, label="95% interval over people")
        axes.plot(x, value[0], color=ACCENT, linewidth=2.2,
                  label=f"{name} {_points(float(gain.area.value))} on average")  # fmt: skip
    axes.legend(frameon=False, loc="upper left")
    axes.set_xlim(0, 1)
    axes.set_ylim(top=axes.get_ylim()[1] + 0.3 * np.ptp(axes.get_ylim()))  # space for the legend
    percent(axes.xaxis)
    _in_points(axes.yaxis)
    return figure


def calibration_picture(calibration: EffectCalibration) -> Any:
    """Predicted against measured effect in tenths of the judged rows, with 95% intervals."""
    predicted = np.array([tenth.predicted for tenth in calibration.tenths])
    measured = [tenth.measured for tenth in calibration.tenths]
    figure, axes = canvas(
        "Effect of the best action by tenth of the predicted effect", "predicted effect, points",
        "measured effect, points, 95% interval", (6.5, 6),
    )  # fmt: skip
    ends = [float(predicted.min()), float(predicted.max())]
    margin = max(0.005, 0.1 * (ends[1] - ends[0]))
    line = [ends[0] - margin, ends[1] + margin]
    axes.plot(line, line, color=FAINT, linestyle=":", linewidth=1.2, label="as predicted")
    axes.axhline(0, color=FAINT, linewidth=1)
    label = "a tenth of the judged rows each" if len(measured) > 1 else "all judged rows"
    values = [interval.value for interval in measured]
    axes.errorbar(predicted, values, _bars(measured), fmt="o", color=ACCENT, capsize=3, label=label)
    title = f"slope {_interval(calibration.slope, 1, 2)}" if calibration.slope else "one effect for everybody"
    axes.legend(frameon=False, loc="upper left", title=title, alignment="left")
    axes.set_ylim(top=axes.get_ylim()[1] + 0.25 * np.ptp(axes.get_ylim()))  # space for the legend
    _in_points(axes.xaxis, axes.yaxis)
    return figure


def average_effects_picture(effects: Mapping[str, Interval]) -> Any:
    """Average effect of each action on all rows; the intervals hold for all actions at once."""
    figure, axes = canvas(
        "Average effect of each action, all campaigns", "change of the share that stays, points; 95% for all at once",
        "", (7.5, 1.6 + 0.55 * len(effects)),
    )  # fmt: skip
    _forest(axes, [(name, interval, _color(interval)) for name, interval in effects.items()])
    return figure


def learners_picture(evaluation: Evaluation) -> Any:
    """Gain of each learner over one effect for everybody: cross-fitted, and on the judged campaigns."""
    names = [name for name in evaluation.learners if name != CONSTANT.name]
    rows = []
    for name in names:
        label = f"{name} (chosen)" if name == evaluation.chosen else name
        rows.append((f"{label}, earlier", evaluation.development[name].over_constant.interval(), OTHERS[0]))
        rows.append((f"{label}, judged", evaluation.judged[name].over_constant.interval(), ACCENT))
    figure, axes = canvas(
        "Gain over one effect for everybody", "people who stay, points of all people, averaged over all budgets", "",
        (7.5, 1.6 + 0.4 * len(rows)),
    )  # fmt: skip
    _forest(axes, rows)
    return figure


def _drawn_curves(evaluation: Evaluation, name: str, seed: int) -> Floats:
    targeting, curves, drawn = evaluation.targetings[name], [], 0
    for weights in entity_weights(evaluation.split.judged.people.astype(str), seed):
        curves.append(policy_curve(targeting, weights)[1])
        drawn += len(weights)
        if drawn >= BAND_DRAWS:
            break
    return np.vstack(curves)


def _forest(axes: Any, rows: list[tuple[str, Interval, str]]) -> None:
    """One line per interval, the first on top, with its figures at the right."""
    axes.axvline(0, color=FAINT, linewidth=1)
    for place, (_, interval, color) in enumerate(reversed(rows)):
        axes.plot([interval.low, interval.high], [place, place], color=color, linewidth=2.2, solid_capstyle="butt")
        axes.plot([interval.value], [place], "o", color=color, markersize=6)
        axes.annotate(_interval(interval, 100, 2), (1.01, place), xycoords=("axes fraction", "data"), va="center",
                      color=INK, fontsize=8)  # fmt: skip
    axes.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    _in_points(axes.xaxis)


def _color(interval: Interval) -> str:
    if interval.low > 0:
        return ACCENT
    return WARM if interval.high < 0 else OTHERS[0]


def _bars(intervals: list[Interval]) -> Floats:
    low = [interval.value - interval.low for interval in intervals]
    high = [interval.high - interval.value for interval in intervals]
    bars: Floats = np.clip(np.array([low, high], dtype=np.float64), 0, None)
    return bars


def _interval(interval: Interval, factor: float, digits: int) -> str:
    value, low, high = (factor * number for number in (interval.value, interval.low, interval.high))
    return f"{value:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def _points(value: float) -> str:
    return f"{100 * value:+.2f} points"


def _in_points(*axes: Any) -> None:
    """Show shares in points."""
    for axis in axes:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:+.1f}" if value else "0"))
        axis.label.set_color(INK)

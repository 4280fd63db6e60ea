"""Pictures of the quality of a candidate: ROC curve, calibration, recall by contact budget, distribution of scores."""

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from training.data.frame import Frame
from training.evaluate.bootstrap import (
    Entities,
    Weights,
    entity_weights,
    weighted_sums,
)
from training.evaluate.metric_estimates import BUDGETS
from training.evaluate.metrics import Floats, calibration_table
from training.report.canvas import (
    ACCENT,
    FAINT,
    INK,
    OTHERS,
    WARM,
    canvas,
)
from training.search.candidate import Candidate

#: number of bootstrap draws of the error bars.
REPLICATES = 500


def roc_picture(candidates: Sequence[Candidate], frame: Frame, chosen: str) -> Any:
    """ROC curves of all candidates, the chosen one on top."""
    from sklearn.metrics import roc_auc_score, roc_curve

    figure, axes = canvas(
        f"ROC curve, {frame.validation_name}", "false positive rate", "recall (true positive rate)", (6.5, 6)
    )
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle=":", linewidth=1)
    colors = cycle(OTHERS)
    for candidate in sorted(candidates, key=lambda candidate: candidate.name == chosen):
        probability = candidate.probability(frame.rows)
        x, y, _ = roc_curve(frame.labels, probability)
        is_chosen = candidate.name == chosen
        label = f"{candidate.name} {roc_auc_score(frame.labels, probability):.3f}"
        axes.plot(x, y, label=label, linewidth=2.4 if is_chosen else 1.2, color=ACCENT if is_chosen else next(colors))
    percent(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False, loc="lower right", title="ROC-AUC", alignment="left")
    return figure


def calibration_picture(candidate: Candidate, frame: Frame, seed: int) -> Any:
    """Predicted probability against the share that left, in tenths of the rows, with 95% intervals over entities."""
    probability = candidate.probability(frame.rows)
    predicted, observed, _ = calibration_table(frame.labels, probability)
    low, high = observed_interval(frame.labels, probability, frame.entity, seed)
    figure, axes = canvas(
        f"Calibration, {frame.validation_name}",
        "predicted probability of leaving",
        "share that left, 95% interval",
        (6.5, 6),
    )
    top = 1.05 * max(float(predicted.max()), float(high.max()), 0.01)
    axes.plot([0, top], [0, top], color=FAINT, linestyle=":", linewidth=1, label="as predicted")
    bars = np.clip(np.vstack([observed - low, high - observed]), 0, None)
    axes.errorbar(predicted, observed, bars, fmt="o-", color=ACCENT, capsize=3, label="a tenth of the rows each")
    axes.set(xlim=(0, top), ylim=(0, top))
    percent(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False, loc="upper left")
    return figure


def recall_picture(candidate: Candidate, frame: Frame) -> Any:
    """Recall by the share of contacted rows, with the lift at the usual budgets."""
    order = np.argsort(-candidate.probability(frame.rows), kind="stable")
    recall = np.cumsum(frame.labels[order]) / max(1, frame.labels.sum())
    contacted = np.arange(1, len(recall) + 1) / len(recall)
    title = f"Recall by contact budget, {frame.validation_name}"
    figure, axes = canvas(title, "share of contacted rows", "recall")
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle=":", linewidth=1, label="at random")
    axes.plot([0, frame.labels.mean(), 1], [0, 1, 1], color=FAINT, linewidth=1, label="perfect ranking")
    axes.plot(contacted, recall, color=ACCENT, linewidth=2.2, label=candidate.name)
    for budget in BUDGETS:
        place = max(1, round(budget * len(recall))) - 1
        axes.plot(contacted[place], recall[place], "o", color=ACCENT)
    axes.legend(frameon=False, loc="lower right", title=_budgets(recall), alignment="left")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    percent(axes.xaxis, axes.yaxis)
    return figure


def scores_picture(candidate: Candidate, frame: Frame) -> Any:
    """Distributions of the probability of churned rows and of other rows."""
    probability = candidate.probability(frame.rows)
    title = f"Scores by outcome, {frame.validation_name}"
    figure, axes = canvas(title, "predicted probability of leaving", "share of the group")
    bins = np.linspace(0, max(0.01, float(np.quantile(probability, 0.999))), 41)
    for left, color, name in ((0, ACCENT, "stayed"), (1, WARM, "left")):
        part = np.clip(probability[frame.labels == left], 0, bins[-1])
        weight = np.full(len(part), 1 / max(1, len(part)))
        label = f"{name}: {len(part):,} rows, {part.mean():.1%} on average"
        axes.hist(part, bins=bins, weights=weight, color=color, alpha=0.25)
        axes.hist(part, bins=bins, weights=weight, color=color, histtype="step", linewidth=1.6, label=label)
    axes.set_ylim(top=1.2 * axes.get_ylim()[1])  # space for the legend
    percent(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False, loc="upper right")
    return figure


def _budgets(recall: Floats) -> str:
    lines = []
    for budget in BUDGETS:
        share = recall[max(1, round(budget * len(recall))) - 1]
        lines.append(f"{budget:.0%} contacted: recall {share:.1%}, lift {share / budget:.1f}")
    return "\n".join(lines)


def observed_interval(
    labels: NDArray[np.int_], probability: Floats, entity: Entities, seed: int
) -> tuple[Floats, Floats]:
    """95% interval of the share that left in each tenth of the rows by probability, drawing entities."""
    order = np.argsort(probability, kind="stable")
    member = np.zeros((len(order), 10))
    for place, part in enumerate(np.array_split(order, 10)):
        member[part, place] = 1.0
    member = member[:, member.any(axis=0)]
    with np.errstate(invalid="ignore"):  # a tenth without a drawn entity
        shares = [
            weighted_sums(weights, member * labels[:, None]) / weighted_sums(weights, member)
            for weights in _draws(entity, seed)
        ]
    low, high = np.nanpercentile(np.concatenate(shares), [2.5, 97.5], axis=0)
    return low, high


def _draws(entity: Entities, seed: int) -> Iterator[Weights]:
    """Blocks of at least `REPLICATES` weights in all."""
    drawn = 0
    for weights in entity_weights(entity, seed):
        yield weights
        drawn += len(weights)
        if drawn >= REPLICATES:
            return


def percent(*axes: Any) -> None:
    """Show shares in percent."""
    for axis in axes:
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        axis.label.set_color(INK)

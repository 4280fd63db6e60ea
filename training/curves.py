"""Pictures of a candidate out of time: ranking, calibration, and what the reasons weigh."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np

from features import Feature
from training.candidate import Candidate
from training.families import family
from training.frame import Frame
from training.metrics import calibration_table

mpl.use("Agg")  # there is no screen where this runs

INK, ACCENT, FAINT = "#1f2933", "#0b7285", "#adb5bd"


def roc_picture(candidates: Sequence[Candidate], frame: Frame, chosen: str) -> Any:
    """ROC curves of all candidates, the chosen one on top."""
    from sklearn.metrics import roc_auc_score, roc_curve

    figure, axes = _axes(
        f"ROC curve, {frame.judged}", "share of those who stayed, contacted", "share of those who left, found"
    )
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle=":", linewidth=1)
    for candidate in sorted(candidates, key=lambda one: one.name == chosen):
        probability = candidate.probability(frame.rows)
        x, y, _ = roc_curve(frame.labels, probability)
        own = candidate.name == chosen
        label = f"{candidate.name} {roc_auc_score(frame.labels, probability):.3f}"
        axes.plot(x, y, label=label, linewidth=2 if own else 1, color=ACCENT if own else None)
    axes.legend(frameon=False, loc="lower right")
    return figure


def calibration_picture(candidate: Candidate, frame: Frame) -> Any:
    """Predicted probability against the share that left, in tenths of the rows."""
    predicted, observed, _ = calibration_table(frame.labels, candidate.probability(frame.rows))
    figure, axes = _axes(f"Calibration, {frame.judged}", "predicted probability of leaving", "share that left")
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle=":", linewidth=1)
    axes.plot(predicted, observed, marker="o", color=ACCENT)
    return figure


def lift_picture(candidate: Candidate, frame: Frame) -> Any:
    """Share of those who left that is found, by the share of customers contacted."""
    order = np.argsort(-candidate.probability(frame.rows), kind="stable")
    found = np.cumsum(frame.labels[order]) / max(1, frame.labels.sum())
    figure, axes = _axes(
        f"Found by contact budget, {frame.judged}",
        "share of customers contacted",
        "share of those who left, found",
    )
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle=":", linewidth=1)
    axes.plot(np.arange(1, len(found) + 1) / len(found), found, color=ACCENT)
    return figure


def reasons_picture(candidate: Candidate, frame: Frame, features: Sequence[Feature]) -> Any:
    """Mean absolute contribution of each reason to the log-odds."""
    added = family(candidate.name).contributions(candidate.native, frame.rows)
    groups = list(dict.fromkeys(feature.reason for feature in features))
    member = np.array([[feature.reason == group for group in groups] for feature in features])
    weight = np.abs(added @ member).mean(axis=0)
    order = np.argsort(weight)
    figure, axes = _axes(f"What the model looks at, {frame.judged}", "mean absolute contribution to the log-odds", "")
    axes.barh([groups[i] for i in order], weight[order], color=ACCENT)
    return figure


def _axes(title: str, x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", color=INK, fontweight="bold")
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes

"""Metrics with intervals: the bootstrap draws entities, for one person's rows are not independent."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REPLICATES = 2000
BLOCK = 100


@dataclass(frozen=True)
class Interval:
    """A value with its 95% percentile interval."""

    value: float
    low: float
    high: float

    def json(self) -> dict[str, float]:
        """As the evidence holds it."""
        return {"value": self.value, "low": self.low, "high": self.high}


def auc(labels: NDArray[np.int_], scores: Floats, weights: Floats | None = None) -> float:
    """Area under the ROC curve: the chance that one who left scores above one who stayed, ties half.

    NaN if only one class has weight.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    return float(_aucs(labels, scores, weights[None, :])[0])


def auc_draws(
    labels: NDArray[np.int_], scores: Floats, entity: NDArray[np.int_] | NDArray[np.object_], seed: int
) -> Floats:
    """AUC in every bootstrap replicate; equal seeds draw equal entities, so draws of two models can be paired."""
    blocks = [_aucs(labels, scores, weights) for weights in entity_weights(entity, seed)]
    return np.concatenate(blocks)


def interval(value: float, draws: Floats) -> Interval:
    """Percentile interval of bootstrap draws (Efron and Tibshirani, 1993)."""
    kept = draws[~np.isnan(draws)]
    low, high = np.percentile(kept, [2.5, 97.5]) if len(kept) else (np.nan, np.nan)
    return Interval(value, float(low), float(high))


def entity_weights(entity: NDArray[np.int_] | NDArray[np.object_], seed: int) -> Iterator[Floats]:
    """Blocks of weights, shape (block, n): how often each row's entity was drawn."""
    rng = np.random.default_rng(seed)
    names, position = np.unique(entity, return_inverse=True)
    for _ in range(REPLICATES // BLOCK):
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=BLOCK)
        yield drawn[:, position].astype(np.float64)


def calibration_table(labels: NDArray[np.int_], probability: Floats, bins: int = 10) -> tuple[Floats, Floats, Floats]:
    """Mean probability, share that left, and share of rows, in bins of equal size by probability."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    predicted = np.array([probability[part].mean() for part in parts])
    observed = np.array([labels[part].mean() for part in parts])
    return predicted, observed, np.array([len(part) / len(labels) for part in parts])


def calibration_error(labels: NDArray[np.int_], probability: Floats) -> float:
    """Expected calibration error over ten bins of equal size."""
    predicted, observed, share = calibration_table(labels, probability)
    return float(np.sum(share * np.abs(predicted - observed)))


def recall_at(labels: NDArray[np.int_], probability: Floats, budget: float) -> float:
    """Share of those who left that are found among the `budget` share with the highest probability."""
    count = max(1, round(budget * len(labels)))
    found = np.argsort(-probability, kind="stable")[:count]
    return float(labels[found].sum() / max(1, labels.sum()))


def _aucs(labels: NDArray[np.int_], scores: Floats, weights: Floats) -> Floats:
    """Weighted AUC for each row of `weights` (k, n)."""
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    left = np.add.reduceat(weights[:, order] * labels[order], starts, axis=1)
    stayed = np.add.reduceat(weights[:, order] * (1 - labels[order]), starts, axis=1)
    below = np.cumsum(stayed, axis=1) - stayed / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = np.sum(left * below, axis=1) / (left.sum(axis=1) * stayed.sum(axis=1))
    return result

"""Variance of ROC-AUCs by DeLong's formula, clustered by person.

DeLong, DeLong and Clarke-Pearson (1988); structural components from midranks, as Sun and Xu (2014); summed within each
person before they are squared, as Obuchowski (1997), for one person's rows at several dates are not independent. With
one row a person it is DeLong's own variance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from training.evaluate.bootstrap import Entities, Floats, Interval


@dataclass(frozen=True)
class DeLong:
    """AUCs (k,) of k scores on the same rows, and their covariance (k, k)."""

    auc: Floats
    covariance: Floats

    def interval(self, index: int) -> Interval:
        """Normal 95% interval of a score's AUC, cut at 0 and 1."""
        normal = _normal(float(self.auc[index]), float(self.covariance[index, index]))
        return Interval(normal.value, max(normal.low, 0.0), min(normal.high, 1.0))

    def difference(self, index: int, other: int) -> Interval:
        """Normal 95% interval of the AUC of `index` minus that of `other`."""
        c = self.covariance
        variance = c[index, index] + c[other, other] - 2 * c[index, other]
        return _normal(float(self.auc[index] - self.auc[other]), float(max(variance, 0.0)))


def delong(labels: NDArray[np.int_], scores: Sequence[Floats], entity: Entities) -> DeLong:
    """AUCs of several scores of the same rows.

    Args:
        labels: (n,) 1 who left, 0 who stayed; both must be there.
        scores: k arrays (n,).
        entity: (n,) entity of each row.
    """
    left, person = labels == 1, np.unique(entity, return_inverse=True)[1]
    people = int(person.max()) + 1
    parts = [_components(left, score) for score in scores]
    auc = np.array([of_left.mean() for of_left, _ in parts])
    centred = [(of_left - area, of_stayed - area) for (of_left, of_stayed), area in zip(parts, auc, strict=True)]
    a = np.column_stack([np.bincount(person[left], weights=of_left, minlength=people) for of_left, _ in centred])
    b = np.column_stack([np.bincount(person[~left], weights=of_stayed, minlength=people) for _, of_stayed in centred])
    m, n = int(left.sum()), int((~left).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        both = _unbiased(people) * (a.T @ b + b.T @ a) / (m * n)
        covariance = (
            _unbiased(len(np.unique(person[left]))) * (a.T @ a) / m**2
            + _unbiased(len(np.unique(person[~left]))) * (b.T @ b) / n**2
            + both
        )
    return DeLong(auc, covariance)


def _components(left: NDArray[np.bool_], score: Floats) -> tuple[Floats, Floats]:
    """For each churned row the share of other rows ranked below; for each other row the share of churned rows above."""
    among_all = rankdata(score)
    below = (among_all[left] - rankdata(score[left])) / (~left).sum()
    above = 1 - (among_all[~left] - rankdata(score[~left])) / left.sum()
    return below, above


def _unbiased(clusters: int) -> float:
    return clusters / (clusters - 1) if clusters > 1 else float("nan")


def _normal(value: float, variance: float) -> Interval:
    reach = float(norm.ppf(0.975)) * float(np.sqrt(variance))
    return Interval(value, value - reach, value + reach)

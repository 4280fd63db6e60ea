"""What a feature says by itself: its ROC-AUC, with an error that knows one person's rows are not independent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from training.metrics import Floats


@dataclass(frozen=True)
class Alone:
    """ROC-AUC of one feature's values as they stand, and its standard error; NaN where only one class has values."""

    auc: float
    error: float

    @property
    def half_width(self) -> float:
        """Half of the 95% interval."""
        return 1.96 * self.error

    @property
    def riskier(self) -> str:
        """`high` or `low` values are those of people who leave; empty where 0.5 is in the interval, or no interval."""
        if not abs(self.auc - 0.5) > self.half_width:
            return ""
        return "high" if self.auc > 0.5 else "low"


def alone(labels: NDArray[np.int_], values: Floats, entity: NDArray[np.int_] | NDArray[np.object_]) -> Alone:
    """AUC by mid-ranks, and its error by the placements of DeLong et al. (1988), summed by entity (Obuchowski, 1997).

    Args:
        labels: (n,) 1 left, 0 stayed.
        values: (n,) the feature, NaN where it has no value; such rows are left out.
        entity: (n,) whose row it is.
    """
    known = ~np.isnan(values)
    labels, values, entity = labels[known], values[known], entity[known]
    left, stayed = int(labels.sum()), int((1 - labels).sum())
    if not left or not stayed:
        return Alone(float("nan"), float("nan"))
    placement = _placements(labels == 1, values)
    area = float(placement[labels == 1].mean())
    influence = (placement - area) / np.where(labels == 1, left, stayed)
    _, whose = np.unique(entity, return_inverse=True)
    by_entity = np.bincount(whose, weights=influence)
    people = len(by_entity)
    return Alone(area, float(np.sqrt(people / max(1, people - 1) * np.sum(by_entity**2))))


def _placements(left: NDArray[np.bool_], values: Floats) -> Floats:
    """Of who left: the share of the stayed below, ties half. Of who stayed: the share of the left above."""
    within = np.empty(len(values))
    within[left], within[~left] = rankdata(values[left]), rankdata(values[~left])
    below = rankdata(values) - within
    placements: Floats = np.where(left, below / (~left).sum(), 1 - below / left.sum())
    return placements

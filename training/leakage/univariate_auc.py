"""What a feature says by itself: its ROC-AUC, with an error that knows one person's rows are not independent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluate.bootstrap import Entities, Floats
from training.evaluate.delong import delong


@dataclass(frozen=True)
class UnivariateAuc:
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


def univariate_auc(labels: NDArray[np.int_], values: Floats, entity: Entities) -> UnivariateAuc:
    """AUC of the known values, and its error by DeLong, clustered by entity.

    Args:
        labels: (n,) 1 left, 0 stayed.
        values: (n,) the feature, NaN where it has no value; such rows are left out.
        entity: (n,) whose row it is.
    """
    has_value = ~np.isnan(values)
    labels, values, entity = labels[has_value], values[has_value], entity[has_value]
    if len(np.unique(labels)) < 2:
        return UnivariateAuc(float("nan"), float("nan"))
    estimate = delong(labels, [values], entity)
    return UnivariateAuc(float(estimate.auc[0]), float(np.sqrt(estimate.covariance[0, 0])))

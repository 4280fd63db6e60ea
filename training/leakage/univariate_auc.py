"""ROC-AUC of a single feature, with a standard error clustered by entity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluate.bootstrap import Entities, Floats
from training.evaluate.delong import delong


@dataclass(frozen=True)
class UnivariateAuc:
    """ROC-AUC of a feature's values, and its standard error; NaN if only one class has values."""

    auc: float
    error: float

    @property
    def half_width(self) -> float:
        """Half of the 95% interval."""
        return 1.96 * self.error

    @property
    def riskier(self) -> str:
        """`high` or `low`: the values with the higher risk; empty if 0.5 is in the interval, or without an interval."""
        if not abs(self.auc - 0.5) > self.half_width:
            return ""
        return "high" if self.auc > 0.5 else "low"


def univariate_auc(labels: NDArray[np.int_], values: Floats, entity: Entities) -> UnivariateAuc:
    """AUC of the non-null values, and its error by DeLong, clustered by entity.

    Args:
        labels: (n,) 1 left, 0 stayed.
        values: (n,) the feature; rows with NaN are left out.
        entity: (n,) entity of each row.
    """
    has_value = ~np.isnan(values)
    labels, values, entity = labels[has_value], values[has_value], entity[has_value]
    if len(np.unique(labels)) < 2:
        return UnivariateAuc(float("nan"), float("nan"))
    estimate = delong(labels, [values], entity)
    return UnivariateAuc(float(estimate.auc[0]), float(np.sqrt(estimate.covariance[0, 0])))

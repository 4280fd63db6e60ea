"""Difference of retention between two random groups, with an interval.

The means are weighted by the inverse probabilities of the design (Hajek). With the score before the campaign, a
weighted regression with its interactions is fitted in each group; the difference of the means at the average score is
estimated (Lin 2013, which contains CUPED of Deng et al. 2013). The estimand is the same; the interval is shorter.
The variance is robust, and rows of a person are added up before they are squared.

Few people who left make a robust variance too small by chance, mostly in a small control group. So two rows of each
class are added to a group for its variance (Agresti and Coull 1998). And the standard error is at least that of no
difference, which uses the variance of both groups together (score test).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, t

from actions.experiment import Floats
from actions.lift.measure.comparison import GroupComparison, Mask

#: fewest rows of each group for any figure.
MIN_GROUP_ROWS = 20
#: fewest rows that left, and that stayed, of each group for the adjustment.
MIN_CLASS_ROWS = 10
#: rows of each class that are added to a group for its variance.
ADDED_ROWS = 2
#: smallest share of rows with a score for the adjustment.
MIN_SCORED_SHARE = 0.5
CONFIDENCE = 0.95
#: chance of seeing an effect of the size that is called the smallest one.
POWER = 0.8

ADJUSTED, PLAIN = "adjusted by the score before the campaign", "plain difference"


@dataclass(frozen=True)
class LiftEstimate:
    """Lift: retention of the treated minus retention of control, as shares from -1 to 1.

    Attributes:
        value, low, high: the difference and its 95% interval.
        standard_error: of the difference.
        p_value: two-sided, of no difference.
        retention_treated, retention_control: weighted shares that stayed; at the average score where adjusted.
        method: `ADJUSTED` or `PLAIN`.
    """

    value: float
    low: float
    high: float
    standard_error: float
    p_value: float
    retention_treated: float
    retention_control: float
    method: str

    @property
    def smallest_visible(self) -> float:
        """The smallest true lift that would be seen with a chance of 80%."""
        return float(norm.ppf(0.5 + CONFIDENCE / 2) + norm.ppf(POWER)) * self.standard_error


@dataclass(frozen=True)
class _Group:
    """Fit of one group.

    Attributes:
        mean: estimated retention at the average covariates.
        slopes: (m,), of the covariates.
        influence: (n,), change of the mean by each row.
        variance: of the mean.
        rows: number of rows of the group.
        added: variance of the added rows of each class.
        size: sum of the squared weights, divided by the squared sum of the weights.
    """

    mean: float
    slopes: Floats
    influence: Floats
    variance: float
    rows: int
    added: float
    size: float


def estimate_lift(pair: GroupComparison, *, adjust: bool = True) -> LiftEstimate | None:
    """Estimate the lift; None if a group has fewer than `MIN_GROUP_ROWS` rows.

    Args:
        pair: rows of both groups.
        adjust: use the score before the campaign where enough rows have one.
    """
    if min(pair.treated_count, pair.control_count) < MIN_GROUP_ROWS:
        return None
    covariates = _covariates(pair) if adjust else None
    method = PLAIN if covariates is None else ADJUSTED
    share = 1 / (pair.treated_probability + pair.control_probability)
    share /= share.sum()
    used = np.zeros((len(pair), 0)) if covariates is None else covariates - share @ covariates
    treated = _fit(pair.outcome, used, pair.is_treated, pair.treated_probability)
    control = _fit(pair.outcome, used, ~pair.is_treated, pair.control_probability)
    influence = treated.influence - control.influence + share * (used @ (treated.slopes - control.slopes))
    variance = _variance(influence, pair.people) + treated.added + control.added
    least = _common_variance(pair.outcome, used, share) * (treated.size + control.size)
    return _with_interval(treated, control, float(np.sqrt(max(variance, least))), method)


def _with_interval(treated: _Group, control: _Group, error: float, method: str) -> LiftEstimate:
    value, freedom = treated.mean - control.mean, _degrees_of_freedom(treated, control)
    reach = float(t.ppf(0.5 + CONFIDENCE / 2, freedom)) * error
    p_value = float(2 * t.sf(abs(value) / error, freedom))
    return LiftEstimate(value, value - reach, value + reach, error, p_value, treated.mean, control.mean, method)


def _fit(outcome: Floats, covariates: Floats, mask: Mask, probability: Floats) -> _Group:
    """Weighted least squares of one group; the influence of other rows is 0."""
    weights, design = 1 / probability[mask], np.column_stack([np.ones(mask.sum()), covariates[mask]])
    inverse = np.linalg.pinv(design.T @ (design * weights[:, None]))
    coefficients = inverse @ (design.T @ (weights * outcome[mask]))
    residuals, rows = outcome[mask] - design @ coefficients, int(mask.sum())
    # Residuals of fitted rows are too small on average.
    own_influence = (design @ inverse[0]) * weights * residuals * np.sqrt(rows / (rows - design.shape[1]))
    influence = np.zeros(len(outcome))
    influence[mask] = own_influence
    added, size = _added_variance(outcome[mask], weights), float((weights**2).sum() / weights.sum() ** 2)
    variance = float((own_influence**2).sum()) + added
    return _Group(float(coefficients[0]), coefficients[1:], influence, variance, rows, added, size)


def _added_variance(outcome: Floats, weights: Floats) -> float:
    """Growth of the variance of a share by the added rows."""
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    share = float(weights @ outcome / weights.sum())
    smoothed = (share * effective + ADDED_ROWS) / (effective + 2 * ADDED_ROWS)
    return float(max(0.0, smoothed * (1 - smoothed) - share * (1 - share)) / effective)


def _common_variance(outcome: Floats, covariates: Floats, share: Floats) -> float:
    """Variance of a row around one fit of both groups."""
    root = np.sqrt(share)
    design = np.column_stack([np.ones(len(outcome)), covariates])
    coefficients, *_ = np.linalg.lstsq(design * root[:, None], outcome * root)
    residuals = outcome - design @ coefficients
    rows, columns = design.shape
    return float((share @ residuals**2) * rows / (rows - columns))


def _variance(influence: Floats, people: NDArray[np.object_]) -> float:
    """Sum of squares of the influence of each person."""
    person, _ = pd.factorize(people)
    return float((np.bincount(person, influence) ** 2).sum())


def _degrees_of_freedom(treated: _Group, control: _Group) -> float:
    """Welch and Satterthwaite."""
    parts = sum(group.variance**2 / (group.rows - 1) for group in (treated, control))
    return (treated.variance + control.variance) ** 2 / parts


def _covariates(pair: GroupComparison) -> Floats | None:
    """The score, and whether it is missing (n, 1 or 2); None where too few rows have a score or a class."""
    has_score = ~np.isnan(pair.baseline)
    groups = [pair.outcome[mask] for mask in (pair.is_treated, ~pair.is_treated)]
    classes = [min(group.sum(), (1 - group).sum()) for group in groups]
    if has_score.mean() < MIN_SCORED_SHARE or min(classes) < MIN_CLASS_ROWS or np.ptp(pair.baseline[has_score]) == 0:
        return None
    score = np.where(has_score, pair.baseline, pair.baseline[has_score].mean())
    return score[:, None] if has_score.all() else np.column_stack([score, ~has_score])

"""Calibration and loss: log-loss, Brier score, calibration error, slope and intercept.

Every figure is made of weighted sums over the rows, so all replicates of a bootstrap are one matrix product. Slope and
intercept are fitted once; a replicate takes one Newton step from that fit (the one-step bootstrap of Moulton and Zeger,
1991), which a test holds to within a tenth of a standard error of fitting again.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from training.evaluate.bootstrap import Floats, Weights, weighted_sums
from training.evaluate.metrics import calibration_bins

#: strength of the penalty on the slope, so that it is finite for a score that separates the classes.
RIDGE = 1e-6


class Calibration:
    """Statistic of the calibration figures of `docs/evidence.md`.

    `log_loss`, `brier`; `calibration_error` over ten bins that are cut once, on the rows as they are;
    `calibration_gap`, mean predicted minus observed; `calibration_slope` and `calibration_intercept` of the outcome on
    the predicted log-odds (Cox, 1958; Van Calster et al., 2019), the intercept at a slope of 1.
    """

    def __init__(self, labels: NDArray[np.int_], probability: Floats, order: NDArray[np.int_] | None = None) -> None:
        """Make the columns to sum, in the order of the weights; in the order of the rows if None."""
        y, p = labels.astype(np.float64), np.clip(probability, 1e-9, 1 - 1e-9)
        x = logit(p)
        self.slope, self.center, self.offset = _slope(x, y), float(x.mean()), _intercept(x, y)
        columns = [*_losses(y, p), *self._slope_terms(x, y), *self._intercept_terms(x, y), *_bins(y, p)]
        self.columns = np.column_stack(columns)[slice(None) if order is None else order]

    def __call__(self, weights: Weights) -> Mapping[str, Floats]:
        """Figures for each row of `weights` (k, n)."""
        sums = weighted_sums(weights, self.columns)
        total, losses, slope, intercept, bins = np.split(sums, [1, 4, 9, 11], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = losses / total
            error = np.abs(bins).sum(axis=1) / total[:, 0]
            moved = intercept[:, 0] / intercept[:, 1]
        return {
            "log_loss": means[:, 0],
            "brier": means[:, 1],
            "calibration_error": error,
            "calibration_gap": means[:, 2],
            "calibration_slope": self._step(slope),
            "calibration_intercept": self.offset + moved,
        }

    def _slope_terms(self, x: Floats, y: Floats) -> tuple[Floats, ...]:
        """Score and information of intercept and slope at the fit (`_slope` has the fit)."""
        beta, alpha = self.slope
        fitted, z = expit(alpha + beta * x), x - self.center
        spread = fitted * (1 - fitted)
        return y - fitted, z * (y - fitted), spread, z * spread, z * z * spread

    def _intercept_terms(self, x: Floats, y: Floats) -> tuple[Floats, ...]:
        fitted = expit(self.offset + x)
        return y - fitted, fitted * (1 - fitted)

    def _step(self, sums: Floats) -> Floats:
        """The slope after one Newton step."""
        score, score_x, spread, spread_x, spread_xx = sums.T
        information = spread * (spread_xx + RIDGE) - spread_x**2
        with np.errstate(invalid="ignore", divide="ignore"):
            step = (spread * score_x - spread_x * score) / information
        return self.slope[0] + np.where(self.slope[0] == 0, 0.0, step)


def _losses(y: Floats, p: Floats) -> tuple[Floats, ...]:
    return np.ones_like(p), -(y * np.log(p) + (1 - y) * np.log1p(-p)), (p - y) ** 2, p - y


def _bins(y: Floats, p: Floats) -> list[Floats]:
    """Predicted minus observed, one column a bin, 0 outside it."""
    columns = []
    for part in calibration_bins(p):
        column = np.zeros_like(p)
        column[part] = p[part] - y[part]
        columns.append(column)
    return columns


def _slope(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept of a logistic regression of the outcome on log-odds; 0 and the mean where all are equal."""
    from sklearn.linear_model import LogisticRegression

    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0, float(logit(np.clip(y.mean(), 1e-9, 1 - 1e-9)))
    fitted = LogisticRegression(C=1 / RIDGE, solver="newton-cholesky").fit(x.reshape(-1, 1), y)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _intercept(x: Floats, y: Floats) -> float:
    """Shift of the log-odds that makes the expected number of churned rows equal the observed; NaN for one class."""
    if np.ptp(y) == 0:
        return float("nan")
    return float(brentq(lambda offset: float(np.sum(y - expit(offset + x))), -60, 60))

"""Logistic regression on standardised features, each with its logarithm, and an indicator for null values.

Two terms per feature let the fit bend: some effects are linear in the value, others in its logarithm. A column of two
values has one term and is divided by at least `MIN_SCALE`. Otherwise the penalty would be weakest on the rarest words
of a category, because a column that is rarely 1 grows most when it is standardised.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BASELINE = True
#: `C` is the inverse strength of the penalty. Many correlated columns on few rows need a stronger penalty.
SETS: tuple[dict[str, Any], ...] = ({"C": 0.1}, {"C": 0.01}, {"C": 0.001})
#: lowest divisor of a column of two values: the standard deviation of a word that one row in ten has.
MIN_SCALE = 0.3
#: values beyond this many standard deviations count as the nearest bound, in the term without logarithm.
MAX_DEVIATIONS = 3.0
Native = dict[str, Any]


@dataclass(frozen=True)
class Matrix:
    """Design matrix and its constants.

    `design` holds the standardised columns, their standardised logarithms, then one indicator for each distinct set of
    null rows. `terms` holds the constants of the first two, by name, each (2, columns): the value and its logarithm.
    """

    design: NDArray[np.float64]
    labels: NDArray[np.int_]
    weights: NDArray[np.float64] | None
    fill: NDArray[np.float64]
    terms: dict[str, NDArray[np.float64]]
    null_share: NDArray[np.float64]
    pattern: NDArray[np.int_]
    alike: NDArray[np.int_]


def space() -> dict[str, Any]:
    """Empty: only the declared penalties are tried, because penalties between them differ little."""
    return {}


def matrix(rows: NDArray[np.float64], labels: NDArray[np.int_], weights: NDArray[np.float64] | None = None) -> Matrix:
    """Fill with the median and standardise; columns that are null in the same rows share one indicator."""
    missing = np.isnan(rows)
    fill = np.array([np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in rows.T])
    filled = np.where(missing, fill, rows)
    two_valued = ((filled == filled.min(axis=0)) | (filled == filled.max(axis=0))).all(axis=0)
    middle, reach = filled.mean(axis=0), MAX_DEVIATIONS * filled.std(axis=0)
    values = np.stack(
        [np.where(two_valued, filled, np.clip(filled, middle - reach, middle + reach)), _compress(filled)]
    )
    center, scale = values.mean(axis=1), values.std(axis=1)
    constant = scale <= 1e-9 * np.abs(center)  # up to rounding
    scale = np.where(two_valued, np.maximum(scale, MIN_SCALE * np.ptp(values, axis=1)), scale)
    scale[constant] = 1.0
    unused = constant | np.stack([np.zeros_like(two_valued), two_valued])
    terms = {"center": center, "scale": scale, "low": values.min(axis=1), "high": values.max(axis=1)}
    patterns, pattern, alike = np.unique(missing.T, axis=0, return_inverse=True, return_counts=True)
    varies = patterns.any(axis=1) & ~patterns.all(axis=1)
    standard = (values - center[:, None]) / scale[:, None] * ~unused[:, None]
    design = np.hstack([*standard, patterns.T * varies])
    return Matrix(design, labels, weights, fill, terms, missing.mean(axis=0), pattern, alike)


def fit_matrix(matrix: Matrix, params: dict[str, Any], seed: int) -> Native:
    """Fit with an L2 penalty of inverse strength `params["C"]`."""
    from sklearn.linear_model import LogisticRegression

    strength = float({**SETS[0], **params}["C"])
    fitted = LogisticRegression(C=strength, max_iter=1000).fit(matrix.design, matrix.labels, matrix.weights)
    columns = len(matrix.fill)
    if_null = fitted.coef_[0, 2 * columns :] / matrix.alike
    return {
        "fill": matrix.fill.tolist(), **{name: values.tolist() for name, values in matrix.terms.items()},
        "slopes": fitted.coef_[0, : 2 * columns].reshape(2, columns).tolist(),
        "if_null": if_null[matrix.pattern].tolist(), "null_share": matrix.null_share.tolist(),
        "intercept": float(fitted.intercept_[0]),
    }  # fmt: skip


def save(native: Native, folder: Path) -> None:
    """Write `coefficients.json`."""
    (folder / "coefficients.json").write_text(json.dumps(native))


def load(folder: Path) -> Native:
    """Read a model that `save` wrote."""
    loaded: Native = json.loads((folder / "coefficients.json").read_text())
    return loaded


def margin(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of churn, shape (n,)."""
    average = np.asarray(native["if_null"]) @ np.asarray(native["null_share"])
    result: NDArray[np.float64] = contributions(native, rows).sum(axis=1) + native["intercept"] + average
    return result


def contributions(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slopes times distances from the means, plus the null indicator relative to its mean, shape (n, columns).

    Values beyond the bounds of the fit count as the nearest bound.
    """
    missing = np.isnan(rows)
    filled = np.where(missing, np.asarray(native["fill"]), rows)
    null_term = (missing - np.asarray(native["null_share"])) * np.asarray(native["if_null"])
    result: NDArray[np.float64] = null_term
    for term, values in enumerate((filled, _compress(filled))):
        low, high, center, scale, slopes = (
            np.asarray(native[name][term]) for name in ("low", "high", "center", "scale", "slopes")
        )
        result = result + (np.clip(values, low, high) - center) / scale * slopes
    return result


def _compress(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed log1p, because counts and sums have long tails."""
    result: NDArray[np.float64] = np.sign(rows) * np.log1p(np.abs(rows))
    return result

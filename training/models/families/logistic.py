"""Logistic regression on standardised, log-compressed features, with an indicator for null values."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BASELINE = True
#: `C` is the inverse strength of the penalty. Many correlated columns on few rows need a stronger penalty.
SETS: tuple[dict[str, Any], ...] = ({"C": 0.1}, {"C": 0.01}, {"C": 0.001})
Native = dict[str, Any]


@dataclass(frozen=True)
class Matrix:
    """Design matrix and its constants.

    `design` holds the standardised columns, then one indicator for each distinct set of null rows.
    """

    design: NDArray[np.float64]
    labels: NDArray[np.int_]
    weights: NDArray[np.float64] | None
    fill: NDArray[np.float64]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    null_share: NDArray[np.float64]
    pattern: NDArray[np.int_]
    alike: NDArray[np.int_]


def space() -> dict[str, Any]:
    """Empty: only the declared penalties are tried, because penalties between them differ little."""
    return {}


def matrix(rows: NDArray[np.float64], labels: NDArray[np.int_], weights: NDArray[np.float64] | None = None) -> Matrix:
    """Compress, fill with the median, standardise; columns that are null in the same rows share one indicator."""
    squeezed, missing = _compress(rows), np.isnan(rows)
    fill = np.array(
        [np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in squeezed.T]
    )
    filled = np.where(missing, fill, squeezed)
    center, scale = filled.mean(axis=0), filled.std(axis=0)
    constant = scale <= 1e-9 * np.abs(center)  # up to rounding
    scale[constant] = 1.0
    patterns, pattern, alike = np.unique(missing.T, axis=0, return_inverse=True, return_counts=True)
    varies = patterns.any(axis=1) & ~patterns.all(axis=1)
    design = np.hstack([(filled - center) / scale * ~constant, patterns.T * varies])
    return Matrix(design, labels, weights, fill, center, scale, missing.mean(axis=0), pattern, alike)


def fit_matrix(matrix: Matrix, params: dict[str, Any], seed: int) -> Native:
    """Fit with an L2 penalty of inverse strength `params["C"]`."""
    from sklearn.linear_model import LogisticRegression

    strength = float({**SETS[0], **params}["C"])
    fitted = LogisticRegression(C=strength, max_iter=1000).fit(matrix.design, matrix.labels, matrix.weights)
    columns = len(matrix.fill)
    if_null = fitted.coef_[0, columns:] / matrix.alike
    return {
        "fill": matrix.fill.tolist(), "center": matrix.center.tolist(), "scale": matrix.scale.tolist(),
        "slopes": fitted.coef_[0, :columns].tolist(), "if_null": if_null[matrix.pattern].tolist(),
        "null_share": matrix.null_share.tolist(), "intercept": float(fitted.intercept_[0]),
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
    """Slope times distance from the mean, plus the null indicator relative to its mean, shape (n, columns)."""
    missing = np.isnan(rows)
    filled = np.where(missing, np.asarray(native["fill"]), _compress(rows))
    standard = (filled - np.asarray(native["center"])) / np.asarray(native["scale"])
    null_term = (missing - np.asarray(native["null_share"])) * np.asarray(native["if_null"])
    result: NDArray[np.float64] = standard * np.asarray(native["slopes"]) + null_term
    return result


def _compress(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed log1p, because counts and sums have long tails."""
    result: NDArray[np.float64] = np.sign(rows) * np.log1p(np.abs(rows))
    return result

"""Recency only: the log-odds of leaving are linear in the log of the days since the last event.

The baseline that a retention team has without any platform.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BASELINE = True
SETS: tuple[dict[str, Any], ...] = ({},)
Native = dict[str, Any]
#: rows, labels, weights.
Matrix = tuple[NDArray[np.float64], NDArray[np.int_], NDArray[np.float64] | None]


def space() -> dict[str, Any]:
    """Nothing to search."""
    return {}


def matrix(rows: NDArray[np.float64], labels: NDArray[np.int_], weights: NDArray[np.float64] | None = None) -> Matrix:
    """As it is: which column counts is a parameter."""
    return rows, labels, weights


def fit_matrix(matrix: Matrix, params: dict[str, Any], seed: int) -> Native:
    """Fit on one column, `params["recency"]`, given by position; null counts as the longest silence seen."""
    from sklearn.linear_model import LogisticRegression

    rows, labels, weights = matrix
    column = int(params["recency"])
    known = rows[~np.isnan(rows[:, column]), column]
    longest = float(known.max()) if len(known) else 0.0
    silence = np.log1p(np.nan_to_num(rows[:, column], nan=longest)).reshape(-1, 1)
    fitted = LogisticRegression(C=1e6).fit(silence, labels, sample_weight=weights)
    return {
        "column": column,
        "longest": longest,
        "slope": float(fitted.coef_[0, 0]),
        "intercept": float(fitted.intercept_[0]),
        "mean": float(silence.mean()),
    }


def fit(
    rows: NDArray[np.float64],
    labels: NDArray[np.int_],
    params: dict[str, Any],
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Native:
    """Fit on a matrix of its own."""
    return fit_matrix(matrix(rows, labels, weights), params, seed)


def save(native: Native, folder: Path) -> None:
    """Write `coefficients.json`."""
    (folder / "coefficients.json").write_text(json.dumps(native))


def load(folder: Path) -> Native:
    """Read what `save` wrote."""
    loaded: Native = json.loads((folder / "coefficients.json").read_text())
    return loaded


def margin(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of leaving."""
    silence = np.log1p(np.nan_to_num(rows[:, native["column"]], nan=native["longest"]))
    result: NDArray[np.float64] = native["intercept"] + native["slope"] * silence
    return result


def contributions(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The one column's share, relative to the mean customer."""
    added = np.zeros_like(rows)
    added[:, native["column"]] = margin(native, rows) - native["intercept"] - native["slope"] * native["mean"]
    return added

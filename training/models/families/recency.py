"""Recency baseline: the log-odds of churn are linear in the log of the days since the last event.

A retention team can compute it without any platform.
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
    """Empty: this family has no hyperparameters."""
    return {}


def matrix(rows: NDArray[np.float64], labels: NDArray[np.int_], weights: NDArray[np.float64] | None = None) -> Matrix:
    """Return the arrays unchanged: the column to use is a parameter of the fit."""
    return rows, labels, weights


def fit_matrix(matrix: Matrix, params: dict[str, Any], seed: int) -> Native:
    """Fit on the column at position `params["recency"]`; null counts as the longest silence in the data."""
    from sklearn.linear_model import LogisticRegression

    rows, labels, weights = matrix
    column = int(params["recency"])
    observed = rows[~np.isnan(rows[:, column]), column]
    longest = float(observed.max()) if len(observed) else 0.0
    silence = np.log1p(np.nan_to_num(rows[:, column], nan=longest)).reshape(-1, 1)
    fitted = LogisticRegression(C=1e6).fit(silence, labels, sample_weight=weights)
    return {
        "column": column,
        "longest": longest,
        "slope": float(fitted.coef_[0, 0]),
        "intercept": float(fitted.intercept_[0]),
        "mean": float(silence.mean()),
    }


def save(native: Native, folder: Path) -> None:
    """Write `coefficients.json`."""
    (folder / "coefficients.json").write_text(json.dumps(native))


def load(folder: Path) -> Native:
    """Read a model that `save` wrote."""
    loaded: Native = json.loads((folder / "coefficients.json").read_text())
    return loaded


def margin(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of churn, shape (n,)."""
    silence = np.log1p(np.nan_to_num(rows[:, native["column"]], nan=native["longest"]))
    result: NDArray[np.float64] = native["intercept"] + native["slope"] * silence
    return result


def contributions(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Contribution of the recency column relative to the mean customer; zero for all other columns."""
    added = np.zeros_like(rows)
    added[:, native["column"]] = margin(native, rows) - native["intercept"] - native["slope"] * native["mean"]
    return added

"""Logistic regression on standardised, log-compressed features, with a term for every column that can be null."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BASELINE = True
Native = dict[str, Any]


def space() -> dict[str, Any]:
    """Nothing to search: the strength of the penalty hardly matters at some hundred rows per column."""
    return {}


def fit(rows: NDArray[np.float64], labels: NDArray[np.int_], params: dict[str, Any], seed: int) -> Native:
    """Fit with an L2 penalty of inverse strength `params["C"]` (0.1 by default)."""
    from sklearn.linear_model import LogisticRegression

    squeezed, missing = _squeeze(rows), np.isnan(rows)
    fill = np.array(
        [np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in squeezed.T]
    )
    filled = np.where(missing, fill, squeezed)
    center, scale = filled.mean(axis=0), filled.std(axis=0)
    scale[scale == 0] = 1.0
    design = np.hstack([(filled - center) / scale, missing])
    fitted = LogisticRegression(C=float(params.get("C", 0.1)), max_iter=1000).fit(design, labels)
    columns = rows.shape[1]
    return {
        "fill": fill.tolist(), "center": center.tolist(), "scale": scale.tolist(),
        "slopes": fitted.coef_[0, :columns].tolist(), "if_null": fitted.coef_[0, columns:].tolist(),
        "null_share": missing.mean(axis=0).tolist(), "intercept": float(fitted.intercept_[0]),
    }  # fmt: skip


def save(native: Native, folder: Path) -> None:
    """Write `coefficients.json`."""
    (folder / "coefficients.json").write_text(json.dumps(native))


def load(folder: Path) -> Native:
    """Read what `save` wrote."""
    loaded: Native = json.loads((folder / "coefficients.json").read_text())
    return loaded


def margin(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of leaving."""
    average = np.asarray(native["if_null"]) @ np.asarray(native["null_share"])
    result: NDArray[np.float64] = contributions(native, rows).sum(axis=1) + native["intercept"] + average
    return result


def contributions(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slope times distance from the mean, plus the column's term for null relative to its share."""
    missing = np.isnan(rows)
    filled = np.where(missing, np.asarray(native["fill"]), _squeeze(rows))
    standard = (filled - np.asarray(native["center"])) / np.asarray(native["scale"])
    null_term = (missing - np.asarray(native["null_share"])) * np.asarray(native["if_null"])
    result: NDArray[np.float64] = standard * np.asarray(native["slopes"]) + null_term
    return result


def _squeeze(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts and sums have long tails: keep the sign, take the log of the size."""
    result: NDArray[np.float64] = np.sign(rows) * np.log1p(np.abs(rows))
    return result

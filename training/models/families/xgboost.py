"""XGBoost: histogram gradient boosting (Chen and Guestrin, 2016)."""

from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

BASELINE = False
SETS: tuple[dict[str, Any], ...] = (
    {
        "max_depth": 3, "rounds": 200, "eta": 0.05, "min_child_weight": 50.0, "subsample": 1.0,
        "colsample_bytree": 1.0,
    },
)  # fmt: skip


def space() -> dict[str, Any]:
    """Shallow trees with many rows per leaf, on sampled rows and columns."""
    from hyperopt import hp

    return {
        "max_depth": hp.quniform("xgboost_max_depth", 2, 4, 1),
        "rounds": hp.quniform("xgboost_rounds", 100, 300, 50),
        "eta": hp.loguniform("xgboost_eta", np.log(0.02), np.log(0.15)),
        "min_child_weight": hp.loguniform("xgboost_min_child_weight", np.log(5), np.log(200)),
        "subsample": hp.uniform("xgboost_subsample", 0.6, 1.0),
        "colsample_bytree": hp.uniform("xgboost_colsample_bytree", 0.5, 1.0),
    }


def matrix(
    rows: NDArray[np.float64], labels: NDArray[np.int_], weights: NDArray[np.float64] | None = None
) -> xgboost.QuantileDMatrix:
    """Quantise the columns into 256 bins; unlike a `DMatrix`, the result does not change at the first fit."""
    return xgboost.QuantileDMatrix(rows, label=labels, weight=weights, nthread=1)


def fit_matrix(matrix: xgboost.QuantileDMatrix, params: dict[str, Any], seed: int) -> xgboost.Booster:
    """Fit one model; equal inputs, parameters, seed and library give equal bytes."""
    chosen = {**SETS[0], "nthread": 1, **params}
    rounds = int(chosen.pop("rounds"))
    chosen["max_depth"] = int(chosen["max_depth"])
    fixed = {"objective": "binary:logistic", "tree_method": "hist", "seed": seed}
    return xgboost.train({**chosen, **fixed}, matrix, num_boost_round=rounds)


def save(native: xgboost.Booster, folder: Path) -> None:
    """Write `model.ubj`."""
    native.save_model(folder / "model.ubj")


def load(folder: Path) -> xgboost.Booster:
    """Read a model that `save` wrote."""
    booster = xgboost.Booster()
    booster.load_model(folder / "model.ubj")
    return booster


def margin(native: xgboost.Booster, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of churn, shape (n,)."""
    return np.asarray(native.predict(xgboost.DMatrix(rows), output_margin=True), dtype=np.float64)


def contributions(native: xgboost.Booster, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exact Shapley values, shape (n, columns), without the library's last column, the base value."""
    return np.asarray(native.predict(xgboost.DMatrix(rows), pred_contribs=True), dtype=np.float64)[:, :-1]

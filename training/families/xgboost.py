"""XGBoost: histogram gradient boosting (Chen and Guestrin, 2016)."""

from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

BASELINE = False


def space() -> dict[str, Any]:
    """Shallow trees, many rows a leaf, sampled rows and columns."""
    from hyperopt import hp

    return {
        "max_depth": hp.quniform("max_depth", 2, 4, 1),
        "rounds": hp.quniform("rounds", 100, 300, 50),
        "eta": hp.loguniform("eta", np.log(0.02), np.log(0.15)),
        "min_child_weight": hp.loguniform("min_child_weight", np.log(5), np.log(200)),
        "subsample": hp.uniform("subsample", 0.6, 1.0),
        "colsample_bytree": hp.uniform("colsample_bytree", 0.5, 1.0),
    }


def fit(rows: NDArray[np.float64], labels: NDArray[np.int_], params: dict[str, Any], seed: int) -> xgboost.Booster:
    """Fit; equal inputs, parameters, seed and library give equal bytes."""
    chosen = {"max_depth": 3, "eta": 0.05, "min_child_weight": 50, **params}
    rounds = int(chosen.pop("rounds", 200))
    chosen["max_depth"] = int(chosen["max_depth"])
    fixed = {"objective": "binary:logistic", "tree_method": "hist", "seed": seed}
    return xgboost.train({**chosen, **fixed}, xgboost.DMatrix(rows, label=labels), num_boost_round=rounds)


def save(native: xgboost.Booster, folder: Path) -> None:
    """Write `model.ubj`."""
    native.save_model(folder / "model.ubj")


def load(folder: Path) -> xgboost.Booster:
    """Read what `save` wrote."""
    booster = xgboost.Booster()
    booster.load_model(folder / "model.ubj")
    return booster


def margin(native: xgboost.Booster, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of leaving."""
    return np.asarray(native.predict(xgboost.DMatrix(rows), output_margin=True), dtype=np.float64)


def contributions(native: xgboost.Booster, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exact Shapley values; the library's last column, the base value, is left out."""
    return np.asarray(native.predict(xgboost.DMatrix(rows), pred_contribs=True), dtype=np.float64)[:, :-1]

"""CatBoost: symmetric trees with ordered boosting (Prokhorenkova et al., 2018)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool
from numpy.typing import NDArray

BASELINE = False
SETS: tuple[dict[str, Any], ...] = ({"depth": 4, "iterations": 200, "learning_rate": 0.05, "l2_leaf_reg": 3.0},)
BORDERS = 128
#: a fitted model. The library refuses columns that never vary: the model is then the log-odds of the churn share.
Native = Any


def space() -> dict[str, Any]:
    """Few shallow trees: smooth models did best on the event logs tried so far."""
    from hyperopt import hp

    return {
        "depth": hp.quniform("catboost_depth", 2, 4, 1),
        "iterations": hp.quniform("catboost_iterations", 100, 300, 50),
        "learning_rate": hp.loguniform("catboost_learning_rate", np.log(0.02), np.log(0.15)),
        "l2_leaf_reg": hp.loguniform("catboost_l2_leaf_reg", np.log(1), np.log(30)),
    }


def matrix(
    rows: NDArray[np.float64], labels: NDArray[np.int_], weights: NDArray[np.float64] | None = None
) -> Pool | float:
    """Quantise the columns into bins; if no column varies, return the log-odds of the churn share."""
    if not (~np.isclose(rows, rows[:1], rtol=0, atol=0, equal_nan=True)).any():
        share = float(np.average(labels, weights=weights))
        return float(np.log(share / (1 - share)))
    pool = Pool(rows, labels, weight=weights)
    pool.quantize(border_count=BORDERS)
    return pool


def fit_matrix(matrix: Pool | float, params: dict[str, Any], seed: int) -> Native:
    """Fit one model; equal inputs, parameters, seed and library give equal bytes."""
    if isinstance(matrix, float):
        return matrix
    chosen: dict[str, Any] = {**SETS[0], "thread_count": 1, **params}
    chosen |= {name: int(chosen[name]) for name in ("depth", "iterations")}
    fixed = {"random_seed": seed, "border_count": BORDERS, "verbose": False, "allow_writing_files": False}
    model = CatBoostClassifier(**chosen, **fixed)
    model.fit(matrix)
    return model


def save(native: Native, folder: Path) -> None:
    """Write `model.cbm` without its time and its random id, so that equal models have equal bytes."""
    if isinstance(native, float):
        (folder / "constant.json").write_text(json.dumps(native))
        return
    for key in ("train_finish_time", "model_guid"):
        native.get_metadata()[key] = ""
    native.save_model(str(folder / "model.cbm"))


def load(folder: Path) -> Native:
    """Read a model that `save` wrote."""
    constant = folder / "constant.json"
    if constant.exists():
        return float(json.loads(constant.read_text()))
    return CatBoostClassifier().load_model(str(folder / "model.cbm"))


def margin(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of churn, shape (n,)."""
    if isinstance(native, float):
        return np.full(len(rows), native)
    return np.asarray(native.predict(rows, prediction_type="RawFormulaVal"), dtype=np.float64)


def contributions(native: Native, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exact Shapley values, shape (n, columns), without the library's last column, the base value."""
    if isinstance(native, float):
        return np.zeros_like(rows)
    return np.asarray(native.get_feature_importance(Pool(rows), type="ShapValues"), dtype=np.float64)[:, :-1]

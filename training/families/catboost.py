"""CatBoost: symmetric trees with ordered boosting (Prokhorenkova et al., 2018)."""

from pathlib import Path
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool
from numpy.typing import NDArray

BASELINE = False


def space() -> dict[str, Any]:
    """Shallow trees, few of them: the logs we see reward smooth models."""
    from hyperopt import hp

    return {
        "depth": hp.quniform("depth", 2, 4, 1),
        "iterations": hp.quniform("iterations", 100, 300, 50),
        "learning_rate": hp.loguniform("learning_rate", np.log(0.02), np.log(0.15)),
        "l2_leaf_reg": hp.loguniform("l2_leaf_reg", np.log(1), np.log(30)),
    }


def fit(rows: NDArray[np.float64], labels: NDArray[np.int_], params: dict[str, Any], seed: int) -> CatBoostClassifier:
    """Fit; equal inputs, parameters, seed and library give equal bytes."""
    chosen: dict[str, Any] = {"depth": 4, "iterations": 200, "learning_rate": 0.05, **params}
    chosen |= {name: int(chosen[name]) for name in ("depth", "iterations")}
    fixed = {"random_seed": seed, "border_count": 128, "verbose": False, "allow_writing_files": False}
    model = CatBoostClassifier(**chosen, **fixed)
    return model.fit(rows, labels)


def save(native: CatBoostClassifier, folder: Path) -> None:
    """Write `model.cbm`, without the moment and the random number that would make equal models unequal."""
    for key in ("train_finish_time", "model_guid"):
        native.get_metadata()[key] = ""
    native.save_model(str(folder / "model.cbm"))


def load(folder: Path) -> CatBoostClassifier:
    """Read what `save` wrote."""
    return CatBoostClassifier().load_model(str(folder / "model.cbm"))


def margin(native: CatBoostClassifier, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of leaving."""
    return np.asarray(native.predict(rows, prediction_type="RawFormulaVal"), dtype=np.float64)


def contributions(native: CatBoostClassifier, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exact Shapley values; the library's last column, the base value, is left out."""
    return np.asarray(native.get_feature_importance(Pool(rows), type="ShapValues"), dtype=np.float64)[:, :-1]

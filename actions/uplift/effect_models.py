"""Effect models: regressions of pseudo-outcomes on people's columns, strongly regularised.

Both share what the actions have in common. Campaigns are small, and the effects of similar actions are alike.
"""

from typing import Any

import numpy as np

from actions.experiment import Floats
from actions.uplift.uplift_model import linear_design, stacked

#: candidates for the ridge penalty, as a share of the rows.
PENALTIES = tuple(10.0**power for power in (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0))
#: few, shallow trees with heavy leaves.
BOOSTED_PARAMS: dict[str, Any] = {
    "max_depth": 2, "eta": 0.05, "lambda": 50.0, "subsample": 0.7, "colsample_bytree": 0.5, "tree_method": "hist",
    "objective": "reg:squarederror", "nthread": 1,
}  # fmt: skip
BOOSTED_ROUNDS = 80
#: the lightest leaf, as a share of the rows.
LEAF_SHARE = 0.02


def fit_linear(columns: Floats, targets: Floats, weights: Floats) -> dict[str, Any]:
    """Ridge regression in two steps: the mean over actions, then how each action differs from it.

    Generalised cross validation chooses the penalty of each step (Golub, Heath and Wahba, 1979).

    Args:
        columns: (n, columns), NaN where null.
        targets: (n, actions) pseudo-outcomes, NaN where there is none.
        weights: (n, actions), 0 where there is none.

    Returns:
        The constants of `uplift_model.linear_effects`.
    """
    from threadpoolctl import threadpool_limits

    fill = _fill(columns)
    filled = np.where(np.isnan(columns), fill, columns)
    middle, scale = filled.mean(axis=0), filled.std(axis=0)
    scale = np.where(scale > 1e-9 * np.abs(middle), scale, 1.0)
    design = linear_design(columns, fill, middle, scale)
    values = np.nan_to_num(targets)
    with threadpool_limits(limits=1, user_api="blas"):
        total = np.maximum(weights.sum(axis=1), 1e-12)
        mean = (values * weights).sum(axis=1) / total
        common_intercept, common = _ridge(design, mean, weights.sum(axis=1))
        rest = values - (common_intercept + design @ common)[:, None]
        fits = [_ridge(design, rest[:, action], weights[:, action]) for action in range(targets.shape[1])]
    return {
        "kind": "linear", "fill": fill.tolist(), "middle": middle.tolist(), "scale": scale.tolist(),
        "intercept": [common_intercept + intercept for intercept, _ in fits],
        "coefficients": np.column_stack([common + slopes for _, slopes in fits]).tolist(),
    }  # fmt: skip


def fit_boosted(columns: Floats, targets: Floats, weights: Floats, seed: int) -> Any:
    """Gradient boosting on rows stacked by action, with an indicator for each action.

    Args:
        columns: (n, columns), NaN where null.
        targets: (n, actions) pseudo-outcomes, NaN where there is none.
        weights: (n, actions), 0 where there is none.
        seed: random seed of the fit.
    """
    import xgboost

    actions = targets.shape[1]
    present = [weights[:, action] > 0 for action in range(actions)]
    rows = np.vstack([stacked(columns[present[action]], action, actions) for action in range(actions)])
    target = np.concatenate([targets[present[action], action] for action in range(actions)])
    weight = np.concatenate([weights[present[action], action] for action in range(actions)])
    weight = weight / weight.mean()
    middle = float(np.average(target, weights=weight))
    matrix = xgboost.QuantileDMatrix(rows, label=target, weight=weight, nthread=1)
    params = {**BOOSTED_PARAMS, "seed": seed, "base_score": middle, "min_child_weight": LEAF_SHARE * len(target)}
    return xgboost.train(params, matrix, num_boost_round=BOOSTED_ROUNDS)


def _fill(columns: Floats) -> Floats:
    """The median of each column; 0 for a column without a value."""
    present = (column[~np.isnan(column)] for column in columns.T)
    return np.array([np.median(values) if len(values) else 0.0 for values in present])


def _ridge(design: Floats, target: Floats, weights: Floats) -> tuple[float, Floats]:
    """Intercept and coefficients of the weighted ridge regression with the lowest generalised cross validation."""
    share = weights / weights.sum()
    center, middle = share @ design, float(share @ target)
    root = np.sqrt(share * (weights > 0).sum())[:, None]
    left, values, right = np.linalg.svd(root * (design - center), full_matrices=False)
    goal = root[:, 0] * (target - middle)
    projected, count = left.T @ goal, int((weights > 0).sum())
    best, coefficients = np.inf, np.zeros(design.shape[1])
    for penalty in PENALTIES:
        shrunk = values**2 / (values**2 + penalty * count)
        freedom = 1.0 + shrunk.sum()
        residual = float(goal @ goal) - float((projected**2 * (2.0 * shrunk - shrunk**2)).sum())
        score = residual / (1.0 - freedom / count) ** 2
        if score < best:
            best = score
            factors = np.divide(shrunk, values, out=np.zeros_like(values), where=values > 0)
            coefficients = right.T @ (factors * projected)
    return middle - float(center @ coefficients), coefficients

"""Fit a model of any family from plain arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.models.families import family


def fit_family(
    name: str,
    rows: NDArray[np.float64],
    labels: NDArray[np.int_],
    params: dict[str, Any],
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Any:
    """Build the family's matrix and fit one native model on it.

    Args:
        name: of the family.
        rows: (n, columns) float features, NaN where null.
        labels: (n,) 1 for churners, 0 for all others; both classes occur.
        params: hyperparameters; the family's defaults apply to all others.
        seed: random seed of the fit.
        weights: (n,) row weights with mean 1; None weighs all rows alike.

    Raises:
        UnknownFamilyError: no family has this name.
    """
    module = family(name)
    return module.fit_matrix(module.matrix(rows, labels, weights), params, seed)

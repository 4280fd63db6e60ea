"""Score rows in this process by a registered version."""

from collections.abc import Sequence

import mlflow
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from serving.udf import inputs
from stack.errors import PrichalError


class LostFeatureError(PrichalError):
    """A version asks for a feature that is no longer made."""


def probabilities(model: str, version: str, names: Sequence[str], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a version says of each row.

    Args:
        model: registered name.
        version: of the model.
        names: of the columns.
        rows: (n, columns).

    Returns:
        Probabilities (n,).

    Raises:
        LostFeatureError: the rows lack a feature that the version asks for.
    """
    loaded = mlflow.pyfunc.load_model(f"models:/{model}/{version}")
    asked = inputs(loaded.metadata.signature)
    missing = [name for name in asked if name not in names]
    if missing:
        raise LostFeatureError(
            f"Version {version} of {model} needs {', '.join(missing)}, which snapshots no longer hold: it cannot be "
            "scored on the rows that are to judge; declare the feature again, or roll back to a version without it."
        )
    said = loaded.predict(pd.DataFrame(rows, columns=list(names))[asked])["churn_probability"]
    probability: NDArray[np.float64] = said.to_numpy(dtype=np.float64)
    return probability

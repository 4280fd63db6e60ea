"""Recency weights: older snapshots count less, because customers and offers change."""

from typing import Any

import numpy as np

from training.data.frame import Frame
from training.evaluate.metrics import Floats

#: parameter of all families: age in days at which a snapshot has half weight; absent means equal weights.
HALF_LIFE = "half_life"
CHOICES = (None, 90, 180, 365)


def recency_weights(frame: Frame, half_life: float | None) -> Floats | None:
    """Weight of each row, 0.5 ** (age / half_life), by the days between its snapshot and the latest one.

    The mean is 1, so that parameters that count rows keep their meaning. A half-life of None gives None: equal weights.
    """
    if half_life is None:
        return None
    age = (frame.as_of.max() - frame.as_of).astype("timedelta64[D]").astype(np.float64)
    weights: Floats = 0.5 ** (age / half_life)
    return weights / float(weights.mean())


def family_params(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters without the half-life, which no family takes itself."""
    return {name: value for name, value in params.items() if name != HALF_LIFE}

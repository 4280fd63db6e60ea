"""Recency weighting: older snapshots count less, for people and offers change."""

from typing import Any

import numpy as np

from training.data.frame import Frame
from training.evaluate.metrics import Floats

#: the parameter, common to all families: days after which a snapshot counts half; absent: all count alike.
HALF_LIFE = "half_life"
CHOICES = (None, 90, 180, 365)


def recency_weights(frame: Frame, half_life: float | None) -> Floats | None:
    """Weight of each row, 0.5 ** (age / half_life), by the days between its snapshot and the latest one.

    The mean is 1, so that parameters that count rows keep their meaning. None: all count alike.
    """
    if half_life is None:
        return None
    age = (frame.as_of.max() - frame.as_of).astype("timedelta64[D]").astype(np.float64)
    weights: Floats = 0.5 ** (age / half_life)
    return weights / float(weights.mean())


def of_family(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters that are the family's own."""
    return {name: value for name, value in params.items() if name != HALF_LIFE}

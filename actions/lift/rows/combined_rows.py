"""Rows of several sources together: past experiments of the lake, and campaigns that `assign` opened."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actions.declare.plan import CONTROL
from actions.experiment import Experiment, Floats
from actions.lift.rows.campaign_rows import CampaignRows


def combine(parts: Sequence[CampaignRows], features: Sequence[str]) -> CampaignRows:
    """All rows, with these features and with the arms of all parts; control is the first arm.

    Args:
        parts: rows of different campaigns.
        features: the features to keep, those of the segments; NaN in a part without one.
    """
    arms = tuple(dict.fromkeys([CONTROL, *(arm for part in parts for arm in part.experiment.arms)]))
    data = [part.experiment for part in parts]
    places = [np.array([arms.index(arm) for arm in part.arms], dtype=np.int_) for part in data]
    cost = np.zeros(len(arms))
    for part, place in zip(data, places, strict=True):
        cost[place] = part.cost
    pairs = list(zip(data, places, strict=True))
    experiment = Experiment(
        names=tuple(features),
        rows=np.vstack([np.empty((0, len(features))), *(_columns(part, features) for part in data)]),
        people=_joined(data, "people", object),
        campaigns=_joined(data, "campaigns", object),
        assigned_on=_joined(data, "assigned_on", "datetime64[D]"),
        arms=arms,
        arm=np.concatenate([np.empty(0, dtype=np.int_), *(place[part.arm] for part, place in pairs)]),
        probability=np.vstack([np.empty((0, len(arms))), *(_spread(part, place, len(arms)) for part, place in pairs)]),
        outcome=_joined(data, "outcome", np.float64),
        cost=cost,
        baseline=_joined(data, "baseline", np.float64),
    )
    return CampaignRows(experiment, np.concatenate([np.empty(0), *(part.cost for part in parts)]))


def _columns(part: Experiment, features: Sequence[str]) -> Floats:
    columns = [
        part.rows[:, part.names.index(name)] if name in part.names else np.full(len(part), np.nan) for name in features
    ]
    return np.column_stack(columns) if columns else np.empty((len(part), 0))


def _spread(part: Experiment, places: NDArray[np.int_], count: int) -> Floats:
    """Probability (n, count) with the arms of the part at these places."""
    spread = np.zeros((len(part), count))
    spread[:, places] = part.probability
    return spread


def _joined(data: Sequence[Experiment], name: str, kind: Any) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype=kind), *(getattr(part, name).astype(kind) for part in data)])

"""Four calibration methods from log-odds to probabilities; the log-loss on held-out people selects one.

All four are strictly increasing: the mart ranks people, and ties would be broken by chance.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.folds import entity_groups
from training.evaluate.metrics import Floats
from training.models.churn_model import calibrate

Labels = NDArray[np.int_]
Calibration = dict[str, Any]
Way = Callable[[Floats, Labels], Calibration]

#: groups of people for cross validation of the methods.
GROUPS = 5


def identity(margin: Floats, labels: Labels) -> dict[str, float]:
    """Leave the margin unchanged."""
    return {"slope": 1.0, "intercept": 0.0}


def platt(margin: Floats, labels: Labels) -> dict[str, float]:
    """Slope and intercept that turn log-odds into probabilities (Platt, 1999)."""
    slope, intercept = _logistic(margin.reshape(-1, 1), labels)
    return {"slope": slope[0], "intercept": intercept}


def beta(margin: Floats, labels: Labels) -> dict[str, float]:
    """Log-odds linear in ln p and -ln(1 - p), with one slope for each end (Kull et al., 2017).

    A slope below 0 would reverse the order at that end: it is set to 0 and the other slope is fitted again.
    """
    ends = np.column_stack([-np.logaddexp(0, -margin), np.logaddexp(0, margin)])
    (a, b), c = _logistic(ends, labels)
    if a < 0:
        (b,), c, a = *_logistic(ends[:, 1:], labels), 0.0
    elif b < 0:
        (a,), c, b = *_logistic(ends[:, :1], labels), 0.0
    return {"a": a, "b": b, "c": c}


def isotonic(margin: Floats, labels: Labels) -> Calibration:
    """Centred isotonic regression: linear interpolation between the centres of its steps (Oron and Flournoy, 2017).

    It is flat beyond the outer steps, so the model mixes in a small share of Platt's sigmoid. Then no two margins tie,
    and no probability is 0 or 1.
    """
    from sklearn.isotonic import IsotonicRegression

    level, step = np.unique(IsotonicRegression().fit_transform(margin, labels), return_inverse=True)
    middle = np.bincount(step, weights=margin) / np.bincount(step)
    return {**platt(margin, labels), "x": middle.tolist(), "y": level.tolist()}


#: from the simplest to the most flexible.
WAYS: dict[str, Way] = {"identity": identity, "platt": platt, "beta": beta, "isotonic": isotonic}


def choose_calibration(margin: Floats, labels: Labels, entity: NDArray[Any]) -> Calibration:
    """Choose the simplest method whose log-loss is within one standard error of the lowest, fitted on all rows.

    Every row's loss comes from a calibration fitted on other people (five groups). Standard errors count people, not
    rows (Breiman et al., 1984, the one standard error rule).

    Args:
        margin: (n,) log-odds from a model that was not fitted on these rows.
        labels: (n,) with both classes.
        entity: (n,) ids of the people.
    """
    kind = _choose_kind(margin, labels, entity)
    return {"kind": kind, **WAYS[kind](margin, labels)}


def _choose_kind(margin: Floats, labels: Labels, entity: NDArray[Any]) -> str:
    group = entity_groups(entity, GROUPS)
    if any(len(np.unique(labels[group != number])) < 2 for number in range(GROUPS)):
        return "platt"
    losses = {kind: _held_out_loss(kind, margin, labels, group) for kind in WAYS}
    lowest = min(losses, key=lambda kind: float(losses[kind].mean()))
    worse = {kind: loss - losses[lowest] for kind, loss in losses.items()}
    return next(kind for kind, by in worse.items() if by.mean() <= _standard_error(by, entity))


def _held_out_loss(kind: str, margin: Floats, labels: Labels, group: Labels) -> Floats:
    """Log-loss of each row by a calibration fitted on the other groups."""
    loss = np.empty(len(margin))
    for number in range(GROUPS):
        held_out = group == number
        fitted = {"kind": kind, **WAYS[kind](margin[~held_out], labels[~held_out])}
        probability = calibrate(margin[held_out], fitted)
        right = np.where(labels[held_out] == 1, probability, 1 - probability)
        loss[held_out] = -np.log(np.clip(right, 1e-15, 1))
    return loss


def _standard_error(difference: Floats, entity: NDArray[Any]) -> float:
    """Standard error of the mean over rows, clustered by person."""
    people = np.unique(entity, return_inverse=True)[1]
    sums = np.bincount(people, weights=difference - difference.mean())
    return float(np.sqrt((sums**2).sum()) / len(difference))


def _logistic(columns: Floats, labels: Labels) -> tuple[list[float], float]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(columns, labels)
    return fitted.coef_[0].tolist(), float(fitted.intercept_[0])

"""Allocation: at most one action per person, so that the sum of gains is largest within the constraints."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.policy.constraints import AllocationError, Constraints, Floats
from actions.policy.prices import find_prices
from actions.policy.rounding import fill, keep_within, round_shares

#: position of a person's action where there is none.
NOBODY = -1
#: a position is stored in one byte.
MOST_ACTIONS = 126


@dataclass(frozen=True)
class Allocation:
    """A plan for n people within r constraints over k actions.

    Attributes:
        choice: (n,), position of each person's action, -1 for none.
        counts: (k,), people of each action.
        gain: of all people.
        bound: no plan within the constraints gains more.
        prices: (r,), what one more unit of each constraint would have won.
        used: (r,), what the plan uses.
        constraints: that it was made for.
    """

    choice: NDArray[np.int_]
    counts: NDArray[np.int_]
    gain: float
    bound: float
    prices: Floats
    used: Floats
    constraints: Constraints

    @property
    def gap(self) -> float:
        """How far the gain may be below that of the best plan, as a share of the bound."""
        return (self.bound - self.gain) / self.bound if self.bound > 0 else 0.0


def action_gains(effects: Floats, value: float, cost: Floats, allowed: NDArray[np.bool_]) -> Floats:
    """Gain (n, k) of each action for each person: effect x value - cost; -inf where an action may not be chosen.

    Args:
        effects: (n, k), rise of the probability to stay by each action; NaN where it was not predicted.
        value: of a person kept.
        cost: (k,), of each action for one person.
        allowed: (n, k), whether the person may get the action.
    """
    gains = effects * value - cost
    return np.where(allowed & np.isfinite(gains), gains, -np.inf)


def allocate(gains: Floats, constraints: Constraints) -> Allocation:
    """Choose at most one action per person, with the largest sum of gains within the constraints.

    The prices of the constraints come from the dual of the linear program. People at which the prices leave two choices
    are divided as the linear program divides them, then single people are moved until the plan is within every
    constraint and nobody's better action still fits. Equal gains are decided by the order of rows and actions, so the
    same rows in the same order give the same plan.

    Args:
        gains: (n, k), gain of each action for each person; NaN or -inf where it may not be chosen. An action without a
            gain above 0 is not chosen.
        constraints: over the k actions.

    Raises:
        AllocationError: the gains have another number of actions than the constraints, or one is infinite.
    """
    columns = _columns(gains, constraints)
    prices = find_prices(columns, constraints)
    choice = round_shares(columns, constraints, prices)
    keep_within(choice, columns, constraints, prices.prices)
    fill(choice, columns, constraints, prices.prices)
    counts = np.bincount(choice + 1, minlength=len(columns) + 1)[1:]
    is_chosen = choice != NOBODY
    gain = float(columns[choice[is_chosen], np.flatnonzero(is_chosen)].sum())
    return Allocation(
        choice.astype(np.int_), counts, gain, prices.bound, prices.prices, constraints.used(counts), constraints
    )


def _columns(gains: Floats, constraints: Constraints) -> Floats:
    """Gains (k, n), one row of memory per action."""
    actions = constraints.usage.shape[1]
    if gains.ndim != 2 or gains.shape[1] != actions:
        raise AllocationError(f"Gains have the shape {gains.shape}, but the constraints are about {actions} actions.")
    if actions > MOST_ACTIONS:
        raise AllocationError(f"The constraints are about {actions} actions; at most {MOST_ACTIONS} can be compared.")
    columns = np.array(gains.T, dtype=np.float64, order="C")
    columns[np.isnan(columns)] = -np.inf
    if np.isposinf(columns).any():
        raise AllocationError("A gain is infinite; give effects, a value and costs that are finite.")
    return columns

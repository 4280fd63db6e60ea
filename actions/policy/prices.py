"""Prices of the constraints: the dual of the allocation as a linear program, by cutting planes.

At prices, each person takes the action with the largest gain minus the price of what it uses. The sum of these and the
value of all that is allowed bounds every plan from above. The lowest bound is found by Kelley's cutting planes with the
smoothing of Wentges (1997): the next prices lie between the best ones and those of the cuts. The weights of the cuts
are a plan in shares of people (Dantzig and Wolfe 1960), whose gain bounds the best plan in shares from below.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from actions.policy.constraints import Constraints, Floats

#: people whose gains are compared at once: their columns fit into the cache of a processor.
CHUNK = 1 << 15
#: the search ends when both bounds are this close, as a share of the gain; or after so many prices.
TOLERANCE, MOST_STEPS = 1e-5, 400
#: share of the step towards the prices of the cuts that is not made.
SMOOTHING = 0.4
#: a cut with less weight plays no part in the plan.
LEAST_WEIGHT = 1e-9


@dataclass(frozen=True)
class Prices:
    """The best prices, and the plan in shares of people that belongs to them.

    Attributes:
        prices: (r,), gain that one more unit of each constraint would add.
        bound: no plan gains more.
        cuts: (c, r), prices at which people choose; a share of `weights` follows each.
        weights: (c,), they sum to 1 at most; the rest gets nothing.
        steps: number of prices that were compared.
    """

    prices: Floats
    bound: float
    cuts: Floats
    weights: Floats
    steps: int


@dataclass
class _Cuts:
    """Plans at earlier prices: prices, gain as a share of the largest, and use as a share of `scale`."""

    prices: list[Floats]
    gains: list[float]
    used: list[Floats]

    def best(self, allowed: Floats) -> tuple[Floats, float, Floats]:
        """Prices (r,) at which the bound by the cuts is lowest, this bound, and the weights (c,) of the cuts."""
        rows = -np.column_stack([np.array(self.used), np.ones(len(self.gains))])
        solved = linprog(np.append(allowed, 1.0), A_ub=rows, b_ub=-np.array(self.gains), method="highs")
        weights = np.clip(-np.asarray(solved.ineqlin.marginals), 0.0, 1.0)
        return np.asarray(solved.x[:-1]), float(solved.fun), weights


def best_choices(gains: Floats, action_prices: Floats, choice: NDArray[np.int8] | None = None) -> tuple[float, Floats]:
    """What people gain above the price, and how many take each action.

    Args:
        gains: (k, n), -inf where an action is not allowed.
        action_prices: (k,), price of all that an action uses.
        choice: (n,), receives the position of each person's action, -1 for none.

    Returns:
        The sum over people of gain minus price, and the counts (k,).
    """
    total, counts = 0.0, np.zeros(len(gains), dtype=np.float64)
    for first in range(0, gains.shape[1], CHUNK):
        columns = gains[:, first : first + CHUNK]
        best = np.zeros(columns.shape[1])
        chosen = np.full(columns.shape[1], -1, dtype=np.int8)
        for action, price in enumerate(action_prices):
            above = columns[action] - price
            is_better = above > best
            np.copyto(best, above, where=is_better)
            chosen[is_better] = action
        total += float(best.sum())
        counts += np.bincount(chosen + 1, minlength=len(gains) + 1)[1:]
        if choice is not None:
            choice[first : first + CHUNK] = chosen
    return total, counts


def find_prices(gains: Floats, constraints: Constraints) -> Prices:
    """The prices with the lowest bound.

    Args:
        gains: (k, n), gain of each action for each person, -inf where it is not allowed.
        constraints: r constraints over the k actions.
    """
    unlimited, counts = best_choices(gains, np.zeros(len(gains)))
    nothing = np.zeros(len(constraints.names))
    if (constraints.used(counts) <= constraints.allowed + constraints.slack).all():
        return Prices(nothing, unlimited, nothing[None], np.ones(1), 1)
    scale = np.maximum(constraints.allowed, _smallest_use(constraints))
    usage, allowed = constraints.usage / scale[:, None], constraints.allowed / scale
    cuts = _Cuts([nothing], [1.0], [usage @ counts])
    best, bound, steps = nothing, 1.0, 1
    while True:
        trial, lower, weights = cuts.best(allowed)
        if bound - lower <= TOLERANCE * bound or steps >= MOST_STEPS:
            break
        prices = trial + SMOOTHING * (best - trial)
        above, counts = best_choices(gains, (prices @ usage) * unlimited)
        value = float(allowed @ prices) + above / unlimited
        if value < bound:
            best, bound = prices, value
        cuts.prices.append(prices)
        cuts.used.append(usage @ counts)
        cuts.gains.append(above / unlimited + float(prices @ cuts.used[-1]))
        steps += 1
    is_active = weights > LEAST_WEIGHT
    unit = unlimited / scale
    return Prices(best * unit, bound * unlimited, np.array(cuts.prices)[is_active] * unit, weights[is_active], steps)


def _smallest_use(constraints: Constraints) -> Floats:
    """The least (r,) that an action uses of each constraint; 1 where none uses it."""
    used = np.where(constraints.usage > 0, constraints.usage, np.inf).min(axis=1)
    return np.asarray(np.where(np.isfinite(used), used, 1.0))

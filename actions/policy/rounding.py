"""From shares of people to people: each person gets one action, and no constraint is exceeded."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from actions.policy.constraints import Constraints, Floats
from actions.policy.prices import Prices, best_choices

#: moves of `fill` that are tried for one action in one pass, and passes.
MOST_MOVES, PASSES = 20_000, 4
#: a smaller share of people without any plan is a rounding error; as is a smaller part of a person below a whole one.
LEAST_REST, WHOLE = 1e-6, 1e-6


def round_shares(gains: Floats, constraints: Constraints, prices: Prices) -> NDArray[np.int8]:
    """Choice (n,) of each person, -1 for none: what the plans at all cuts agree on; the others are divided.

    People with the same choices at the cuts form a group. A small linear program says how many of each group get each
    of its choices; a vertex of it has at most as many fractions as there are constraints. The people who gain most by a
    choice get it.
    """
    people = gains.shape[1]
    choices = np.full((len(prices.weights) + 1, people), -1, dtype=np.int8)
    for place, earlier in enumerate(prices.cuts):
        best_choices(gains, earlier @ constraints.usage, choices[place])
    if 1.0 - prices.weights.sum() < LEAST_REST:
        choices = choices[:-1]
    choice: NDArray[np.int8] = choices[0].copy()
    open_people = np.flatnonzero((choices != choices[0]).any(axis=0))
    if len(open_people):
        choice[open_people] = -1
        counts = np.bincount(choice + 1, minlength=len(gains) + 1)[1:]
        left = constraints.without(constraints.used(counts))
        groups = [open_people[group] for group in _groups(choices[:, open_people])]
        options = [_options(choices[:, members[0]]) for members in groups]
        shares = _divide(groups, options, gains, left)
        action_prices = prices.prices @ constraints.usage
        for members, actions, share in zip(groups, options, shares, strict=True):
            choice[members] = _best_members(gains[:, members] - action_prices[:, None], actions, share)
    return choice


def _groups(choices: NDArray[np.int8]) -> list[NDArray[np.int_]]:
    """Positions of the people of each group."""
    group = np.zeros(choices.shape[1], dtype=np.int64)
    for row in choices:
        _, group = np.unique(group * (int(choices.max()) + 2) + row + 1, return_inverse=True)
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


def _options(choices: NDArray[np.int8]) -> list[int]:
    """The actions among a group's choices."""
    return [action for action in sorted(set(choices.tolist())) if action >= 0]


def _divide(
    groups: Sequence[NDArray[np.int_]], options: Sequence[Sequence[int]], gains: Floats, left: Constraints
) -> list[list[int]]:
    """How many of each group get each of its actions: the linear program of the mean gains, rounded down."""
    pairs = [(group, action) for group, actions in enumerate(options) for action in actions]
    mean_gains = [float(gains[action, groups[group]].mean()) for group, action in pairs]
    columns = np.arange(len(pairs))
    members = csr_array((np.ones(len(pairs)), ([group for group, _ in pairs], columns)), (len(groups), len(pairs)))
    rows = vstack([csr_array(left.usage[:, [action for _, action in pairs]]), members])
    limits = np.concatenate([left.allowed, [len(group) for group in groups]])
    solved = linprog(-np.array(mean_gains), A_ub=rows, b_ub=limits, method="highs-ds")
    counts = np.floor(np.asarray(solved.x) + WHOLE).astype(int).tolist()
    ends = np.cumsum([len(actions) for actions in options]).tolist()
    return [counts[end - len(actions) : end] for end, actions in zip(ends, options, strict=True)]


def _best_members(above: Floats, actions: Sequence[int], counts: Sequence[int]) -> NDArray[np.int8]:
    """Choices (m,) of one group: the `counts` members with the largest advantage get each of its actions.

    Args:
        above: (k, m), gain minus price.
        actions: of the group.
        counts: members of each of the actions; the others get nothing.
    """
    divided, left = np.full(above.shape[1], -1, dtype=np.int8), np.arange(above.shape[1])
    for place, (action, count) in enumerate(zip(actions, counts, strict=True)):
        others = np.max([np.zeros(len(left)), *(above[other, left] for other in actions[place + 1 :])], axis=0)
        order = np.argsort(others - above[action, left], kind="stable")
        divided[left[order[:count]]] = action
        left = np.sort(left[order[count:]])
    return divided


def keep_within(choice: NDArray[np.int8], gains: Floats, constraints: Constraints, prices: Floats) -> None:
    """Take the action from the people who gain least above its price, until no constraint is exceeded."""
    action_prices = prices @ constraints.usage
    for usage, allowed in zip(constraints.usage, constraints.allowed + constraints.slack, strict=True):
        users = np.flatnonzero((choice >= 0) & (np.append(usage, 0.0)[choice] > 0))
        excess = float(usage[choice[users]].sum()) - allowed
        if excess <= 0:
            continue
        above = gains[choice[users], users] - action_prices[choice[users]]
        order = np.argsort(above, kind="stable")
        freed = np.cumsum(usage[choice[users[order]]])
        choice[users[order[: int(np.searchsorted(freed, excess)) + 1]]] = -1


def fill(choice: NDArray[np.int8], gains: Floats, constraints: Constraints, prices: Floats) -> None:
    """Give people better actions while they fit, those first who gain most above the prices."""
    action_prices = prices @ constraints.usage
    for _ in range(PASSES):
        counts = np.bincount(choice + 1, minlength=len(gains) + 1)[1:]
        left = constraints.allowed + constraints.slack - constraints.used(counts)
        moves = _moves(choice, gains, constraints, action_prices, left)
        if not _make(choice, moves, gains, constraints.usage, left):
            return


def _moves(
    choice: NDArray[np.int8], gains: Floats, constraints: Constraints, action_prices: Floats, left: Floats
) -> list[tuple[int, int]]:
    """Person and action of each move that gains, the best above the prices first."""
    is_chosen = choice >= 0
    rows = np.flatnonzero(is_chosen)
    now, price_now = np.zeros(len(choice)), np.append(action_prices, 0.0)[choice]
    now[rows] = gains[choice[rows], rows]
    people, actions, improvements = [], [], []
    for action in range(len(gains)):
        change = constraints.usage[:, action][:, None] - np.column_stack([constraints.usage, np.zeros(len(left))])
        fits = np.asarray((change <= left[:, None]).all(axis=0))  # by the action of now, the last for none
        movers = np.flatnonzero((gains[action] > now) & fits[choice])
        above = (gains[action, movers] - action_prices[action]) - (now[movers] - price_now[movers])
        best = np.argsort(-above, kind="stable")[:MOST_MOVES]
        people.append(movers[best])
        actions.append(np.full(len(best), action))
        improvements.append(above[best])
    order = np.argsort(-np.concatenate(improvements), kind="stable")
    return list(zip(np.concatenate(people)[order].tolist(), np.concatenate(actions)[order].tolist(), strict=True))


def _make(choice: NDArray[np.int8], moves: list[tuple[int, int]], gains: Floats, usage: Floats, left: Floats) -> bool:
    """Make each move that still fits and gains; whether one was made. `left` is what the constraints still allow."""
    columns = np.column_stack([usage, np.zeros(len(left))])
    is_moved = False
    for person, action in moves:
        now = int(choice[person])
        change = columns[:, action] - columns[:, now]
        if (now < 0 or gains[action, person] > gains[now, person]) and (change <= left).all():
            choice[person], left[:] = action, left - change
            is_moved = True
    return is_moved

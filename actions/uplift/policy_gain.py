"""What the predicted effects gain: each person gets the best action by the model, people with large effects first.

Nobody gets an action whose predicted effect is not above its price. `V(q)` is the gain in the share of people who stay
if the first share `q` of people get their action and all others nothing. The area under `V` from 0 to 1 is the gain
averaged over all budgets. It is compared with the area of the constant effect, where everybody gets the action with the
largest average effect in an arbitrary order, or nobody gets any. Both are estimated without bias by the design's
probabilities: a row counts if its drawn arm is the chosen action or control.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Experiment, Floats
from actions.uplift.pseudo_outcomes import eligible, pseudo_outcomes
from training.evaluate.bootstrap import BootstrapEstimate, Weights, estimate, weighted_sums


@dataclass(frozen=True)
class Targeting:
    """The best action of each row by predicted effects; n rows that could get an action.

    Attributes:
        place: (n,) positions of the rows in the experiment.
        action: (n,) position of the best action, 0 for the first after control.
        score: (n,) its predicted effect minus its price.
        gain: (n,) unbiased estimate of its effect minus its price.
        fold: (n,) group within which scores are compared.
    """

    place: NDArray[np.int_]
    action: NDArray[np.int_]
    score: Floats
    gain: Floats
    fold: NDArray[np.int_]

    @property
    def policy_gain(self) -> Floats:
        """(n,) `gain` of people who get their action; 0 for people whose predicted effect is not above its price."""
        return np.where(self.score > 0, self.gain, 0.0)


def choose_actions(
    experiment: Experiment, effects: Floats, log_odds: Floats, price: Floats, fold: NDArray[np.int_] | None = None
) -> Targeting:
    """Choose each row's action with the largest effect minus price.

    Args:
        experiment: rows that the effects were not learnt from.
        effects: (n, actions) predicted.
        log_odds: (n,) of leaving, by a model that was not fitted on these rows; it only reduces the variance.
        price: (actions,) cost of each action divided by the value of a person kept.
        fold: (n,) groups whose effects are by different models; None for one model.
    """
    allowed = eligible(experiment)
    net = np.where(allowed, effects - price, -np.inf)
    place = np.flatnonzero(allowed.any(axis=1))
    action = net[place].argmax(axis=1)
    gain = pseudo_outcomes(experiment, log_odds)[place, action] - price[action]
    folds = np.zeros(len(place), dtype=np.int_) if fold is None else fold[place]
    return Targeting(place, action, net[place, action], gain, folds)


class PolicyArea:
    """Statistic of a targeting for weights (k, n): `area` under the gain by share of people, `all` its end."""

    def __init__(self, targeting: Targeting) -> None:
        self.targeting = targeting
        self.groups = [_ScoredGroup(targeting, fold) for fold in np.unique(targeting.fold)]

    def __call__(self, weights: Weights) -> dict[str, Floats]:
        """The area (k,), and the gain (k,) without a limit of the budget."""
        drawn = weights[:, self.targeting.place].astype(np.float64)
        total = drawn.sum(axis=1)
        area = sum(group.weighted_area(drawn) for group in self.groups)
        return {
            "area": np.asarray(area / total, dtype=np.float64),
            "all": weighted_sums(drawn, self.targeting.policy_gain[:, None])[:, 0] / total,
        }


class _ScoredGroup:
    """Rows of one fold by score, the largest first; rows of equal score share their place."""

    def __init__(self, targeting: Targeting, fold: int) -> None:
        member = np.flatnonzero(targeting.fold == fold)
        self.order = member[np.argsort(-targeting.score[member], kind="stable")]
        score = targeting.score[self.order]
        ends = np.append(np.flatnonzero(np.diff(score) != 0), len(score) - 1)
        self.sizes = np.diff(ends, prepend=-1)
        self.ends, self.gain = ends, targeting.policy_gain[self.order]

    def weighted_area(self, drawn: Floats) -> Floats:
        """Area times the weight of the rows, (k,)."""
        weights = drawn[:, self.order]
        if len(self.ends) == 1:
            total: Floats = weights @ self.gain / 2
            return total
        cumulative = np.cumsum(weights, axis=1)
        ends = cumulative[:, self.ends]
        middle = ends - np.diff(ends, axis=1, prepend=0.0) / 2
        rest = 1.0 - middle / cumulative[:, -1:]
        gains = np.add.reduceat(weights * self.gain, np.append(0, self.ends[:-1] + 1), axis=1)
        area: Floats = (gains * rest).sum(axis=1)
        return area


@dataclass(frozen=True)
class GainEstimates:
    """Bootstrap estimates of one learner.

    Attributes:
        area: gain averaged over all budgets.
        over_constant: `area` minus that of the constant effect, paired.
        order: `area` minus that of the same actions in random order.
        all: gain without a limit of the budget.
    """

    area: BootstrapEstimate
    over_constant: BootstrapEstimate
    order: BootstrapEstimate
    all: BootstrapEstimate


def estimate_gains(
    targetings: Mapping[str, Targeting], constant: str, people: NDArray[np.object_], seed: int
) -> dict[str, GainEstimates]:
    """Gains of several learners from shared bootstrap draws of people.

    Args:
        targetings: by learner.
        constant: the learner of the constant effect, one of them.
        people: (n,) entity of each row of the experiment.
        seed: random seed of the bootstrap.
    """
    drawn = estimate({name: PolicyArea(targeting) for name, targeting in targetings.items()}, people, seed)
    base = drawn[constant]["area"]
    return {
        name: GainEstimates(
            figures["area"],
            figures["area"] - base,
            BootstrapEstimate(
                figures["area"].value - figures["all"].value / 2, figures["area"].draws - figures["all"].draws / 2
            ),
            figures["all"],
        )
        for name, figures in drawn.items()
    }


def policy_curve(targeting: Targeting, weights: Weights, points: int = 101) -> tuple[Floats, Floats]:
    """Shares of people (points,) and the gain (k, points) if so many get their action."""
    order = np.argsort(-targeting.score, kind="stable")
    drawn = weights[:, targeting.place].astype(np.float64)[:, order]
    share = np.cumsum(drawn, axis=1) / drawn.sum(axis=1, keepdims=True)
    gain = np.cumsum(drawn * targeting.policy_gain[order], axis=1) / drawn.sum(axis=1, keepdims=True)
    x = np.linspace(0, 1, points)
    return x, np.vstack([np.interp(x, [0.0, *row], [0.0, *value]) for row, value in zip(share, gain, strict=True)])

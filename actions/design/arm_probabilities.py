"""Probability of every arm for rows of past assignments.

Our own campaigns store what a person could get, so the probabilities are those of the design. A history usually stores
the probability of the drawn arm alone. It is taken as it is, and the others are estimated: among the people of the same
campaign who could get the same arms, the recorded probability of an arm is averaged over those who drew it. Arms that
none of them drew share the rest. Then the others are scaled so that a row sums to 1. Estimates by inverse probability
use only the recorded values.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: unscaled probabilities of a row may miss the sum of 1 by this much.
SUM_TOLERANCE = 0.05


@dataclass(frozen=True)
class ArmProbabilities:
    """Probabilities of arms.

    Attributes:
        probability: (n, k), rows sum to 1; above 0 for the drawn arm.
        unscaled_sum: (n,), sum of the recorded probability and the estimated ones before scaling; far from 1 where the
            conditions of channels and offers do not tell who could get an arm.
    """

    probability: Floats
    unscaled_sum: Floats


def design_probabilities(control_share: Floats, explore_share: Floats, allowed: NDArray[np.bool_]) -> ArmProbabilities:
    """Probabilities among control and exploring people: control, then each allowed action with the same probability.

    Args:
        control_share: (n,), share of the campaign's people who are control.
        explore_share: (n,), share of the campaign's people who explore.
        allowed: (n, actions), actions that each person could get.
    """
    each = explore_share / allowed.sum(axis=1) / (control_share + explore_share)
    control = control_share / (control_share + explore_share)
    return ArmProbabilities(np.column_stack([control, allowed * each[:, None]]), np.ones(len(control)))


def estimated_probabilities(
    campaigns: NDArray[np.object_], arm: NDArray[np.int_], recorded: Floats, allowed: NDArray[np.bool_]
) -> ArmProbabilities:
    """Probabilities where only that of the drawn arm was recorded.

    Args:
        campaigns: (n,), campaign of each row.
        arm: (n,), position of the drawn arm; 0 is control.
        recorded: (n,), recorded probability of the drawn arm, between 0 and 1.
        allowed: (n, k), arms whose conditions each person meets; column 0 is control.
    """
    if len(arm) == 0:
        empty = np.zeros(allowed.shape)
        return ArmProbabilities(empty, empty.sum(axis=1))
    names, campaign = np.unique(campaigns.astype(str), return_inverse=True)
    drawn = np.zeros(allowed.shape, dtype=bool)
    drawn[np.arange(len(arm)), arm] = True
    by_campaign = _mean_recorded(campaign, len(names), arm, recorded, allowed.shape[1])
    in_campaign = ~np.isnan(by_campaign)[campaign]
    possible = (allowed & in_campaign) | drawn
    is_isolated = (
        possible.sum(axis=1) == 1
    )  # the conditions deny every other arm, but the recorded probability is below 1
    possible[is_isolated] = in_campaign[is_isolated]
    keys = np.column_stack([campaign, possible])
    sets, group = np.unique(keys, axis=0, return_inverse=True)
    by_group = _mean_recorded(group.reshape(-1), len(sets), arm, recorded, allowed.shape[1])[group.reshape(-1)]
    estimate = _fill_undrawn(np.where(possible, by_group, 0.0), np.where(possible, by_campaign[campaign], 0.0))
    estimate[drawn] = 0.0
    others = estimate.sum(axis=1)
    scale = np.divide(1 - recorded, others, out=np.zeros(len(others)), where=others > 0)
    probability = estimate * scale[:, None]
    probability[drawn] = np.where(others > 0, recorded, 1.0)
    return ArmProbabilities(probability, others + recorded)


def select_arms(probability: Floats, keep: NDArray[np.bool_]) -> Floats:
    """Probabilities given that one of some arms was drawn.

    Args:
        probability: (n, k); each row's drawn arm is one of those.
        keep: (k,), the arms.
    """
    selected = probability[:, keep]
    return np.asarray(selected / selected.sum(axis=1, keepdims=True), dtype=np.float64)


def _fill_undrawn(by_group: Floats, by_campaign: Floats) -> Floats:
    """Estimates (n, k) in which the arms that nobody of the group drew share what the other arms leave of 1.

    They share it in proportion to their means in the campaign, or get these means where nothing is left.
    """
    undrawn = np.isnan(by_group)
    weights = np.where(undrawn, by_campaign, 0.0)
    total, rest = weights.sum(axis=1), 1 - np.nansum(by_group, axis=1)
    scale = np.divide(rest, total, out=np.ones(len(total)), where=(total > 0) & (rest > 0))
    return np.where(undrawn, weights * scale[:, None], by_group)


def _mean_recorded(group: NDArray[np.int_], groups: int, arm: NDArray[np.int_], recorded: Floats, arms: int) -> Floats:
    """Mean recorded probability (groups, arms) of the rows of each group that drew each arm; NaN without a row."""
    means = pd.Series(recorded).groupby([group, arm]).mean()
    table = np.full((groups, arms), np.nan)
    table[means.index.get_level_values(0), means.index.get_level_values(1)] = means.to_numpy()
    return table

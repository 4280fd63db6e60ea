"""Assignment of the people of a campaign to groups, at random and reproducible."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.declare.plan import ControlGroups
from actions.design.draws import uniform_draws
from actions.design.eligibility import EligiblePeople

#: groups of a campaign, as `ops.assignments.arm` names them.
GLOBAL_CONTROL, CAMPAIGN_CONTROL, EXPLORE, POLICY = GROUPS = ("global control", "control", "explore", "policy")


@dataclass(frozen=True)
class AssignedGroups:
    """Groups of the people of a campaign.

    Attributes:
        group: (n,), position in `GROUPS`.
        action: (n,), position of the drawn action in the plan; -1 outside of the group `explore`.
        probability: (n,), probability of the group before any draw, and of the action in the group `explore`. Over
            all groups, with the allowed actions in the place of `explore`, it sums to 1.
    """

    group: NDArray[np.int_]
    action: NDArray[np.int_]
    probability: NDArray[np.float64]

    @property
    def counts(self) -> dict[str, int]:
        """Number of people by group."""
        sizes = np.bincount(self.group, minlength=len(GROUPS))
        return {name: int(size) for name, size in zip(GROUPS, sizes, strict=True)}


def assign_groups(control: ControlGroups, campaign: str, people: EligiblePeople) -> AssignedGroups:
    """Assign people to groups by hashes, so that the same people get the same groups in every run.

    The global control group depends on the salt alone: it is the same in all campaigns. The others are drawn for each
    campaign anew. An exploring person gets one of the allowed actions, each with the same probability.

    Args:
        control: shares and salt.
        campaign: name of the campaign.
        people: the people of the campaign.
    """
    salt = f"{control.salt}:{campaign}"
    is_global = uniform_draws(control.salt, people.entities) < control.global_share
    draws = uniform_draws(salt, people.entities)
    bounds = np.cumsum([control.campaign_share, control.exploration_share])
    group = np.where(is_global, GROUPS.index(GLOBAL_CONTROL), 1 + np.searchsorted(bounds, draws, side="right"))
    probability = group_probabilities(control)[group]
    explores = group == GROUPS.index(EXPLORE)
    action = np.full(len(people), -1)
    action[explores] = _drawn_actions(people.allowed[explores], f"{salt}:action", people.entities[explores])
    probability[explores] /= people.allowed[explores].sum(axis=1)
    return AssignedGroups(group, action, probability)


def group_probabilities(control: ControlGroups) -> NDArray[np.float64]:
    """Probability of each of `GROUPS`."""
    policy_share = 1 - control.campaign_share - control.exploration_share
    shares = np.array([control.campaign_share, control.exploration_share, policy_share])
    return np.concatenate([[control.global_share], (1 - control.global_share) * shares])


def _drawn_actions(allowed: NDArray[np.bool_], salt: str, entities: NDArray[np.object_]) -> NDArray[np.int_]:
    """Position (n,) of a random allowed action, from the mask (n, actions)."""
    rank = np.floor(uniform_draws(salt, entities) * allowed.sum(axis=1))
    return np.asarray((allowed & (np.cumsum(allowed, axis=1) == rank[:, None] + 1)).argmax(axis=1), dtype=np.int_)

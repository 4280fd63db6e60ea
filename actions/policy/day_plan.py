"""The plan of a day: exploring people get their drawn action first, then the policy spends what is left."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.declare.plan import ActionPlan
from actions.policy.allocation import NOBODY, Allocation, action_gains, allocate
from actions.policy.campaign_people import CampaignPeople
from actions.policy.constraints import BUDGET, Constraints, Floats, plan_constraints
from actions.policy.effects import UpliftInProduction

EXPLORE_ONLY = "explore only"


@dataclass(frozen=True)
class DayPlan:
    """Actions of a day's campaign; n people, k actions.

    Attributes:
        choice: (n,), position of each person's action, -1 for none.
        effects: (n, k), NaN where nothing was predicted.
        withheld: reason -> number of exploring people who do not get their drawn action.
        constraints: of the whole day.
        used: (r,), by all actions of the day.
        policy: the policy's allocation within what exploring left; None where it gave no actions.
        policy_version: number of the version, or `explore only`.
        reason: why the policy gave no actions, as a sentence; None if it did.
    """

    choice: NDArray[np.int_]
    effects: Floats
    withheld: Mapping[str, int]
    constraints: Constraints
    used: Floats
    policy: Allocation | None
    policy_version: str
    reason: str | None


def plan_day(
    plan: ActionPlan, people: CampaignPeople, effects: Floats, uplift: UpliftInProduction | None, no_uplift: str = ""
) -> DayPlan:
    """Plan the actions of a day.

    Args:
        plan: the action plan.
        people: of the campaign.
        effects: (n, k), by the version in production; NaN where there is none.
        uplift: the version; None if there is none.
        no_uplift: the sentence why there is none.
    """
    constraints = plan_constraints(plan)
    choice, withheld = choose_explore(people, constraints)
    counts = np.bincount(choice + 1, minlength=len(plan.actions) + 1)[1:]
    left = constraints.without(constraints.used(counts))
    reason = no_uplift if uplift is None else find_reason(plan, people, effects, uplift, left)
    policy = None
    if uplift is not None and reason is None:
        rows = np.flatnonzero(~people.explores)
        cost = np.array([plan.cost(action) for action in plan.actions])
        policy = allocate(action_gains(effects[rows], plan.value, cost, people.allowed[rows]), left)
        choice[rows] = policy.choice
        counts = counts + policy.counts
        if not policy.counts.any():
            reason = (
                "The policy gives nobody an action: no allowed action pays within what is left, so it stays silent."
            )
    version = uplift.version if uplift is not None and policy is not None else EXPLORE_ONLY
    return DayPlan(choice, effects, withheld, constraints, constraints.used(counts), policy, version, reason)


def choose_explore(people: CampaignPeople, constraints: Constraints) -> tuple[NDArray[np.int_], dict[str, int]]:
    """Drawn actions (n,) of exploring people in their order, and the number of withheld ones by reason.

    A person whose action does not fit into what the people before left gets nothing.
    """
    choice, withheld = np.full(len(people), NOBODY, dtype=np.int_), Counter[str]()
    left = constraints.allowed + constraints.slack
    for row in np.flatnonzero(people.explores):
        action = int(people.drawn[row])
        reason = _withholding_reason(people, int(row), constraints, left)
        if reason is not None:
            withheld[reason] += 1
            continue
        choice[row] = action
        left = left - constraints.usage[:, action]
    return choice, dict(withheld)


def _withholding_reason(people: CampaignPeople, row: int, constraints: Constraints, left: Floats) -> str | None:
    action = int(people.drawn[row])
    if action < 0:
        return "the plan no longer has the action"
    if not people.allowed[row, action]:
        return "the channel was closed or its frequency cap is reached"
    lacking_place = np.flatnonzero(constraints.usage[:, action] > left)
    return f"{constraints.names[lacking_place[0]]} is used up" if len(lacking_place) else None


def find_reason(
    plan: ActionPlan, people: CampaignPeople, effects: Floats, uplift: UpliftInProduction, left: Constraints
) -> str | None:
    """Why the policy gives no actions, as a sentence; None if it does.

    Args:
        plan: the action plan.
        people: of the campaign.
        effects: (n, k), NaN where nothing was predicted.
        uplift: the version in production.
        left: the constraints after exploring.
    """
    unproven = _unproven(uplift)
    rows = ~people.explores
    cheapest = min(plan.actions, key=plan.cost)
    budget = float(left.allowed[left.names.index(BUDGET)])
    if unproven is not None:
        return unproven
    if not rows.any():
        return "The campaign has no people for the policy: all are control or explore."
    if not people.allowed[rows].any():
        return (
            f"No action is allowed for any of the {rows.sum():,} people of the policy: channels are closed or capped."
        )
    if np.isnan(effects[rows]).all():
        return (
            f"Version {uplift.version} of the response model predicted no effect for any of the {rows.sum():,} people "
            "of the policy: build the features of the day again."
        )
    if budget + left.slack[left.names.index(BUDGET)] < plan.cost(cheapest):
        return (
            f"The budget left for the policy is {budget:.2f} {plan.currency}, below the cost of every action "
            f"({cheapest.name} costs {plan.cost(cheapest):.2f}): raise daily_budget or explore less."
        )
    return None


def _unproven(uplift: UpliftInProduction) -> str | None:
    evidence = uplift.evidence.get("policy")
    if not isinstance(evidence, Mapping) or "surely_better" not in evidence:
        return (
            f"Version {uplift.version} of the response model has no evidence of its policy's value, so its policy is "
            "not used: run `-e uplift` and `-e promote`."
        )
    if evidence["surely_better"] is not True:
        return f"The policy of version {uplift.version} is not used. {evidence.get('sentence', '')}".strip()
    return None

"""The record of a campaign's design: shares, actions, costs, sizes of the groups, and what they can show."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from actions.declare.plan import ActionPlan, ControlGroups
from actions.design.assignment import CAMPAIGN_CONTROL, EXPLORE, GROUPS, POLICY, AssignedGroups
from actions.design.eligibility import EligiblePeople
from actions.design.power import Comparison, describe_need, sample_size

#: every campaign reports how many people this lift needs.
LIFT_OF_INTEREST = 0.015
#: retention of a power calculation for people without published scores.
ASSUMED_RETENTION = 0.9


def describe_design(
    plan: ActionPlan, day: date, people: EligiblePeople, groups: AssignedGroups, churn: Mapping[str, float]
) -> dict[str, Any]:
    """The design of a campaign, as `ops.campaigns` stores it.

    Args:
        plan: the action plan.
        day: start of the campaign.
        people: the people of the campaign.
        groups: their groups.
        churn: person -> published churn probability of the day, for the expected retention.
    """
    return {
        "day": str(day),
        "salt": plan.control.salt,
        "shares": {
            "global": plan.control.global_share,
            "control": plan.control.campaign_share,
            "explore": plan.control.exploration_share,
        },
        "currency": plan.currency,
        "actions": [
            {"name": action.name, "channel": action.channel, "offer": action.offer, "contacts": action.contacts,
             "cost": plan.cost(action)}
            for action in plan.actions
        ],
        "people": len(people),
        "groups": groups.counts,
        "explored_actions": _explored_actions(plan, groups),
        "left_out": dict(people.left_out),
        "power": _describe_power(plan.control, groups.counts, [churn[key] for key in people.entities if key in churn]),
    }  # fmt: skip


def describe_groups(groups: Mapping[str, int]) -> str:
    """Sizes of the groups in words.

    >>> describe_groups({"global control": 50, "control": 95, "explore": 95, "policy": 760})
    '1,000 people (50 global control, 95 control, 95 explore, 760 policy)'
    """
    parts = ", ".join(f"{groups[name]:,} {name}" for name in GROUPS)
    return f"{sum(groups.values()):,} people ({parts})"


def _explored_actions(plan: ActionPlan, groups: AssignedGroups) -> dict[str, int]:
    drawn = np.bincount(groups.action[groups.action >= 0], minlength=len(plan.actions))
    return {action.name: int(drawn[place]) for place, action in enumerate(plan.actions)}


def _describe_power(control: ControlGroups, counts: Mapping[str, int], churn: list[float]) -> dict[str, Any]:
    """What the groups of the campaign can show, in numbers and in one sentence."""
    retention, origin = _expected_retention(churn)
    treated, untreated = counts[EXPLORE] + counts[POLICY], counts[CAMPAIGN_CONTROL]
    whole, exploring = (Comparison(retention, size, untreated) for size in (treated, counts[EXPLORE]))
    lift = min(LIFT_OF_INTEREST, (1 - retention) / 2)
    return {
        "retention": retention,
        "retention_origin": origin,
        "smallest_lift": whole.smallest_lift,
        "smallest_lift_of_explore": exploring.smallest_lift,
        "lift_of_interest": lift,
        "needed_people": sample_size(retention, lift, control.campaign_share).total,
        "sentence": f"{whole.describe()}; {describe_need(retention, lift, control.campaign_share)} ({origin})",
    }


def _expected_retention(churn: list[float]) -> tuple[float, str]:
    """Mean probability of staying, and where it comes from."""
    mean = 1 - float(np.mean(churn)) if churn else 1.0
    if 0 < mean < 1:
        return mean, "retention by the scores of the day"
    return ASSUMED_RETENTION, "retention assumed, as there are no scores of the day"

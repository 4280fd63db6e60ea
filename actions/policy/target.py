"""The step `target`: plan the actions of a day's campaign and publish them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from actions.declare.plan import ActionPlan
from actions.policy.allocation import action_gains
from actions.policy.budget_picture import budget_picture
from actions.policy.campaign_people import EXPLORE, POLICY, campaign_name, read_campaign
from actions.policy.constraints import BUDGET, Floats
from actions.policy.day_plan import EXPLORE_ONLY, DayPlan, plan_day
from actions.policy.effects import UpliftInProduction, predict_people
from actions.policy.publish_plan import PlannedCampaign, publish_plan
from features import Snapshots
from serving import Mart
from stack.postgres import connect


@dataclass(frozen=True)
class TargetedDay:
    """The published plan of a day.

    Attributes:
        planned: people and their actions.
        rows: people with an action.
        counts: group (`explore` or `policy`) -> action -> number of people.
        cost: of all actions.
        expected_gain: of the policy's actions.
        sentence: what was planned, and why the policy gave no actions if it did not.
    """

    planned: PlannedCampaign
    rows: int
    counts: Mapping[str, Mapping[str, int]]
    cost: float
    expected_gain: float
    sentence: str

    def prices(self) -> list[dict[str, Any]]:
        """One row for each constraint: its name, price, use and allowed amount; empty without a policy."""
        day_plan = self.planned.day_plan
        if day_plan.policy is None:
            return []
        columns = (day_plan.constraints.names, day_plan.policy.prices, day_plan.used, day_plan.constraints.allowed)
        return [
            {"constraint": name, "price": float(price), "used": float(used), "allowed": float(allowed)}
            for name, price, used, allowed in zip(*columns, strict=True)
        ]

    def picture(self) -> Any:
        """Expected gain by budget with the chosen point; None without a policy."""
        planned, policy = self.planned, self.planned.day_plan.policy
        if policy is None:
            return None
        gains = policy_gains(planned)
        spent = float(policy.used[policy.constraints.names.index(BUDGET)])
        return budget_picture(gains, policy.constraints, (spent, policy.gain), planned.plan.currency)


def policy_gains(planned: PlannedCampaign) -> Floats:
    """Gains (n, k) of the people of the policy."""
    plan, rows = planned.plan, ~planned.people.explores
    cost = np.array([plan.cost(action) for action in plan.actions])
    return action_gains(planned.day_plan.effects[rows], plan.value, cost, planned.people.allowed[rows])


def target_day(
    plan: ActionPlan,
    snapshots: Snapshots,
    day: date,
    mart: Mart,
    database_url: str,
    uplift: UpliftInProduction | None,
    no_uplift: str = "",
) -> TargetedDay:
    """Plan the actions of the day's campaign and publish them in one transaction; a second run replaces the plan.

    Args:
        plan: the action plan of the project.
        snapshots: the project's snapshots; that of the day must exist.
        day: start of the campaign.
        mart: table of the scores.
        database_url: database of the mart and of the `ops` tables.
        uplift: the response model in production; None if there is none.
        no_uplift: the sentence why there is none.

    Raises:
        TargetError: there is no campaign of the day, or its people are not in the snapshot.
        BlockedError: another session held a lock for 45 s.
    """
    spec = snapshots.spec
    with connect(database_url, role="prichal_writer") as connection:
        people = read_campaign(connection, plan, spec.project, day, spec.time_zone)
    predicted = predict_people(
        snapshots.path(day), spec.entity, people.entities, len(plan.actions), uplift.predict_effects if uplift else None
    )
    day_plan = plan_day(plan, people, predicted.effects, uplift, no_uplift)
    planned = PlannedCampaign(spec.project, day, plan, people, predicted.populations, day_plan)
    rows = publish_plan(database_url, mart, planned)
    return _summarise(planned, rows)


def _summarise(planned: PlannedCampaign, rows: int) -> TargetedDay:
    plan, day_plan = planned.plan, planned.day_plan
    counts = {
        group: {
            action.name: int(((day_plan.choice == place) & (planned.people.explores == explores)).sum())
            for place, action in enumerate(plan.actions)
        }
        for group, explores in ((EXPLORE, True), (POLICY, False))
    }
    cost = float(day_plan.used[day_plan.constraints.names.index(BUDGET)])
    gain = day_plan.policy.gain if day_plan.policy is not None else 0.0
    return TargetedDay(planned, rows, counts, cost, gain, _sentence(planned, counts, cost, gain))


def _sentence(planned: PlannedCampaign, counts: Mapping[str, Mapping[str, int]], cost: float, gain: float) -> str:
    plan, day_plan = planned.plan, planned.day_plan
    explore, policy = (sum(counts[group].values()) for group in (EXPLORE, POLICY))
    campaign = campaign_name(planned.project, planned.day)
    parts = [
        f"campaign {campaign}: {explore:,} exploring people and {policy:,} people of the policy get an action, for "
        f"{cost:,.2f} of {plan.daily_budget:,.2f} {plan.currency}"
    ]
    if day_plan.policy_version != EXPLORE_ONLY:
        parts.append(f"expected gain of the policy {gain:,.2f} {plan.currency} by version {day_plan.policy_version}")
    if day_plan.withheld:
        reasons = ", ".join(f"{count:,} because {reason}" for reason, count in _sorted(day_plan))
        parts.append(f"{sum(day_plan.withheld.values()):,} exploring people get nothing: {reasons}")
    return "; ".join(parts) + (f". {day_plan.reason}" if day_plan.reason else "")


def _sorted(day_plan: DayPlan) -> list[tuple[str, int]]:
    return Counter(day_plan.withheld).most_common()

"""Policies on past experiments: the one of predicted effects, and the reference policies that it is compared with."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from actions.declare.plan import ActionPlan
from actions.experiment import Experiment, Floats
from actions.policy.allocation import action_gains, allocate
from actions.policy.constraints import Constraints, plan_constraints

#: position of each row's arm; 0 is control.
Arms = NDArray[np.int_]
Mask = NDArray[np.bool_]


def plan_arms(experiment: Experiment, effects: Floats, plan: ActionPlan, campaign_people: int | None = None) -> Arms:
    """Arms (n,) that the policy of predicted effects chooses, campaign by campaign, within budget and capacities.

    Args:
        experiment: the rows.
        effects: (n, m - 1), of each arm but control; NaN where there is no prediction.
        plan: value, costs, budget and capacities.
        campaign_people: as in `policy_evidence`.
    """
    allowed = allowed_arms(experiment, plan)
    gains = action_gains(effects, plan.value, experiment.cost[1:], allowed)

    def choose(rows: NDArray[np.int_], constraints: Constraints) -> Arms:
        return allocate(gains[rows], constraints).choice + 1

    return _by_campaign(experiment, plan, campaign_people, choose)


def reference_policies(
    experiment: Experiment, predicted: Floats, plan: ActionPlan, campaign_people: int | None = None, seed: int = 1
) -> dict[str, Arms]:
    """Four other policies: `nobody`, `everybody`, `riskiest first` and `random`.

    `everybody` gets the best single action without a budget. The other two work through the people, from the highest
    risk or in random order, and give each the best single action that still fits into budget and capacities. The best
    single action is the one with the largest average gain on these rows, which favours these policies.

    Args:
        experiment: the rows.
        predicted: (n, k) of `predict_outcomes`; also the risk of a row without a published score.
        plan: value, costs, budget and capacities.
        campaign_people: as in `policy_evidence`.
        seed: random seed of the random order.
    """
    allowed = allowed_arms(experiment, plan)
    ranking = rank_actions(experiment, predicted, plan.value, allowed)
    risk = np.where(np.isnan(experiment.baseline), 1.0 - predicted[:, 0], experiment.baseline)
    draws = np.random.default_rng(seed).random(len(experiment))

    def in_order_of(key: Floats) -> Callable[[NDArray[np.int_], Constraints], Arms]:
        def choose(rows: NDArray[np.int_], constraints: Constraints) -> Arms:
            order = np.argsort(-key[rows], kind="stable")
            return spend_in_order(order, ranking, allowed[rows], constraints) + 1

        return choose

    best = np.zeros(len(experiment), dtype=np.int_)
    if ranking:
        best[allowed[:, ranking[0]]] = ranking[0] + 1
    return {
        "nobody": np.zeros(len(experiment), dtype=np.int_),
        "everybody": best,
        "riskiest first": _by_campaign(experiment, plan, campaign_people, in_order_of(risk)),
        "random": _by_campaign(experiment, plan, campaign_people, in_order_of(draws)),
    }


def allowed_arms(experiment: Experiment, plan: ActionPlan) -> Mask:
    """Whether (n, m - 1) a row could get each arm but control, and the plan still has it."""
    declared = {action.name for action in plan.actions}
    mask: Mask = (experiment.probability[:, 1:] > 0) & np.array([arm in declared for arm in experiment.arms[1:]])
    return mask


def rank_actions(experiment: Experiment, predicted: Floats, value: float, allowed: Mask) -> list[int]:
    """Actions that some row may get, from the largest average gain on the rows that may get it."""
    gains = {}
    for action in range(allowed.shape[1]):
        rows = np.flatnonzero(allowed[:, action])
        if len(rows):
            arm, assigned = action + 1, experiment.arm[rows]
            lift = predicted[rows, arm] - predicted[rows, 0]
            errors = (experiment.outcome[rows] - predicted[rows, assigned]) / experiment.assigned_probability[rows]
            lift = lift + errors * (assigned == arm) - errors * (assigned == 0)
            gains[action] = float(lift.mean()) * value - experiment.cost[arm]
    return sorted(gains, key=lambda action: -gains[action])


def spend_in_order(
    order: Sequence[int] | Arms, ranking: Sequence[int], allowed: Mask, constraints: Constraints
) -> Arms:
    """Choice (n,) of people in the given order: the best-ranked action that they may get and that still fits.

    Args:
        order: positions of the people, the first to choose first.
        ranking: positions of the actions, the best first.
        allowed: (n, k), whether a person may get an action.
        constraints: over the k actions.
    """
    choice, left = np.full(len(allowed), -1, dtype=np.int_), constraints
    for action in ranking:
        usage = constraints.usage[:, action]
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(usage > 0, np.floor((left.allowed + left.slack) / usage), np.inf).min(initial=np.inf)
        waiting = np.asarray(order)[(choice[order] < 0) & allowed[order, action]]
        chosen = waiting[: int(min(room, len(waiting)))]
        choice[chosen] = action
        left = left.without(usage * len(chosen))
    return choice


def arm_constraints(plan: ActionPlan, arms: Sequence[str]) -> Constraints:
    """The plan's constraints over the arms of an experiment; an arm that the plan has no more uses nothing."""
    constraints = plan_constraints(plan)
    place = {action.name: position for position, action in enumerate(plan.actions)}
    usage = np.zeros((len(constraints.names), len(arms)))
    for column, arm in enumerate(arms):
        if arm in place:
            usage[:, column] = constraints.usage[:, place[arm]]
    return Constraints(constraints.names, usage, constraints.allowed)


def _by_campaign(
    experiment: Experiment,
    plan: ActionPlan,
    campaign_people: int | None,
    choose: Callable[[NDArray[np.int_], Constraints], Arms],
) -> Arms:
    arms, constraints = np.zeros(len(experiment), dtype=np.int_), arm_constraints(plan, experiment.arms[1:])
    for rows in _campaign_rows(experiment):
        share = 1.0 if campaign_people is None else len(rows) / campaign_people
        arms[rows] = choose(rows, constraints.scaled(share))
    return arms


def _campaign_rows(experiment: Experiment) -> Iterator[NDArray[np.int_]]:
    campaigns = experiment.campaigns.astype(str)
    for campaign in np.unique(campaigns):
        yield np.flatnonzero(campaigns == campaign)

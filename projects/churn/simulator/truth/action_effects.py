"""True effects of a contact on the last date of the window: the probability of leaving under every action."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import LAST_DAY, moment
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.periods import PAID
from projects.churn.simulator.truth import oracle
from projects.churn.simulator.truth.states import HORIZON, running_periods
from projects.churn.simulator.world import World


@dataclass(frozen=True)
class ActionEffects(Columns):
    """One row per subscriber on the last date.

    `probabilities` (n, arms) are P(leaves) without a contact and under each action on that morning. They are equal
    where `can_change` is false: the subscriber is on trial, has paid beyond the horizon, clicked cancel already, or was
    contacted by a campaign in this period. An action of a closed channel or to a dead address changes nothing either.
    No campaign of the window is later, so P(leaves) without a contact is the probability of `states`.
    """

    at: Ints
    user: Ints
    paid: Flags
    can_change: Flags
    probabilities: Floats


def action_effects(world: World, contracts: Contracts) -> ActionEffects:
    """Compute the effects for every subscriber on `LAST_DAY`."""
    at = moment(LAST_DAY)
    current = contracts.select_rows(running_periods(contracts, at))
    periods, decision = current.periods, current.decision
    moments = np.full(len(periods), at)
    paid = periods.kind == PAID
    due = ~paid | (periods.end <= at + HORIZON)
    clicked = (decision.clicked > 0) & (decision.clicked < at)
    treated = decision.treated & (decision.contacted < at)
    can_change = paid & due & ~clicked & ~treated
    unchanged = np.where(due, oracle.probability(world.campaigns, current, moments), 0.0)
    by_arm = oracle.leaving_by_arm(current, moments)
    return ActionEffects(
        at=moments,
        user=periods.user,
        paid=paid,
        can_change=can_change,
        probabilities=np.where(can_change[:, None], by_arm, unchanged[:, None]),
    )

"""The intent to leave before a renewal, the moment of the cancel click, and the effect of a campaign.

A person intends to leave if a uniform number, the `threshold`, is below the propensity. A campaign changes the
propensity and never the threshold, so both potential outcomes of a contact share their random numbers.
"""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.campaigns import (
    CONTROL_SHARE,
    Campaigns,
    RenewalCandidates,
    contact_effect,
    targeting_probability,
)
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints, logistic, moments
from projects.churn.simulator.contracts import timing
from projects.churn.simulator.contracts.log_odds import LogOdds
from projects.churn.simulator.contracts.periods import (
    AUTO,
    OPT_IN,
    PAID,
    Periods,
)
from projects.churn.simulator.contracts.tariffs import GRACE_PERIOD
from projects.churn.simulator.people.people import People

DECISION_DRAWS = 10


@dataclass(frozen=True)
class Intent(Columns):
    """One row per period: the state at its `decision_start`.

    `propensity` is the probability of intending to leave. `slots` (n, SLOTS) are the campaigns before the end,
    `targeted` (n, SLOTS) the probability of being selected by each, `contacted_propensity` (n, SLOTS) the propensity
    after a contact.
    """

    observable: Floats
    hidden: Floats
    propensity: Floats
    slots: Ints
    targeted: Floats
    contacted_propensity: Floats


@dataclass(frozen=True)
class RenewalDecision(Columns):
    """One row per period: the events from `decision_start` to the charge. A moment is 0 without the event.

    `campaign` is -1 without a contact; contacts of the control group change nothing. `clicked` is the cancel click,
    `undone` its reversal, `bought` the purchase during an opt-in trial. `stays_if_contacted` and
    `stays_if_not_contacted` are the potential outcomes before the charge.
    """

    campaign: Ints
    control: Flags
    contacted: Ints
    contacted_propensity: Floats
    clicked: Ints
    undone: Ints
    bought: Ints
    stays_if_contacted: Flags
    stays_if_not_contacted: Flags

    @property
    def cancelled(self) -> Flags:
        """Mask of the periods with a cancel click that was not reversed."""
        return np.asarray((self.clicked > 0) & (self.undone == 0))


def make_intent(people: People, campaigns: Campaigns, periods: Periods, log_odds: LogOdds, noise: Floats) -> Intent:
    """Build the state at each `decision_start`; `noise` (n,) blurs the engagement that campaigns see."""
    candidates = RenewalCandidates(periods.user, log_odds.total, log_odds.engagement, log_odds.discontent)
    until = np.where(periods.kind == PAID, periods.end, periods.decision_start)
    slots = campaigns.slots(periods.decision_start, until)
    targeted = targeting_probability(people, campaigns, candidates, slots, noise)
    contacted_propensity = logistic(log_odds.total[:, None] + contact_effect(people, campaigns, candidates, slots))
    return Intent(log_odds.observable, log_odds.hidden, logistic(log_odds.total), slots, targeted, contacted_propensity)


def draw_decisions(draws: Floats, campaigns: Campaigns, periods: Periods, intent: Intent) -> RenewalDecision:
    """Turn uniform numbers (n, DECISION_DRAWS) into the events of each period up to the charge."""
    threshold = draws[:, 0]
    opt_in = periods.kind == OPT_IN
    span = (periods.end - periods.decision_start).astype(np.float64)
    part = timing.click_part(draws[:, 1], draws[:, 2], periods.kind == AUTO)
    planned_click = periods.decision_start + np.maximum(1, moments(span * part))
    intends_to_leave = threshold < intent.propensity
    slot = np.where((draws[:, 3:6] < intent.targeted).any(axis=1), (draws[:, 3:6] < intent.targeted).argmax(axis=1), -1)
    at = np.where(slot >= 0, campaigns.at[intent.slots[np.arange(len(slot)), slot]], 0)
    is_contacted = (slot >= 0) & ~(intends_to_leave & (planned_click < at)) & ~opt_in
    control = is_contacted & (draws[:, 6] < CONTROL_SHARE)
    contacted_propensity = np.where(
        is_contacted, intent.contacted_propensity[np.arange(len(slot)), slot], intent.propensity
    )
    reminded_click = at + np.maximum(1, moments((periods.end - at) * draws[:, 7]))
    is_undone = draws[:, 8] < timing.UNDO_SHARE
    is_leaving = np.where(is_contacted & ~control, threshold < contacted_propensity, intends_to_leave) & ~opt_in
    clicked = np.where(is_leaving, np.where(intends_to_leave, planned_click, reminded_click), 0)
    undone = np.where(
        is_leaving & is_undone, clicked + np.maximum(1, moments((periods.end - clicked) * draws[:, 9])), 0
    )
    is_buying = opt_in & ~intends_to_leave
    until = (periods.end - periods.start + GRACE_PERIOD).astype(np.float64)
    return RenewalDecision(
        campaign=np.where(is_contacted, intent.slots[np.arange(len(slot)), slot], -1),
        control=control,
        contacted=np.where(is_contacted, at, 0),
        contacted_propensity=contacted_propensity,
        clicked=np.minimum(clicked, periods.end - 2),
        undone=np.minimum(undone, periods.end - 1),
        bought=np.where(
            is_buying, periods.start + np.maximum(1, moments(until * timing.purchase_part(draws[:, 1]))), 0
        ),
        stays_if_contacted=(threshold >= contacted_propensity) | is_undone,
        stays_if_not_contacted=~intends_to_leave | is_undone,
    )

"""The intent to leave before a renewal, the moment of the cancel click, and the effect of a campaign.

A person intends to leave if a uniform number, the `threshold`, is below the propensity. A campaign changes the
propensity and never the threshold, so both potential outcomes of a contact share their random numbers.
"""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.actions import ACTION_CHANNELS, CONTROL, RenewalCandidates, contact_effect
from projects.churn.simulator.campaigns import SLOTS, Campaigns, targeting_probability
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

    `propensity` is the probability of intending to leave without a contact, `effects` (n, ACTIONS) the change of its
    log-odds by each action. `slots` (n, SLOTS) are the campaigns before the end, `targeted` (n, SLOTS) the probability
    of being selected by each if it can contact the person. `closes_at` (n, CHANNELS) is the moment from which nothing
    is sent by each channel.
    """

    observable: Floats
    hidden: Floats
    propensity: Floats
    effects: Floats
    slots: Ints
    targeted: Floats
    closes_at: Ints

    @property
    def arm_propensities(self) -> Floats:
        """Propensity (n, arms) in each arm."""
        contacted = self.propensity[:, None] + self.propensity_changes
        return np.concatenate([self.propensity[:, None], contacted], axis=1)

    @property
    def propensity_changes(self) -> Floats:
        """Change (n, ACTIONS) of the propensity by each action."""
        return logistic((self.observable + self.hidden)[:, None] + self.effects) - self.propensity[:, None]

    def open_actions(self, at: Ints) -> Flags:
        """Mask (n, ACTIONS) of the actions whose channel is open at the moments (n,)."""
        return np.asarray(self.closes_at > at[:, None])[:, ACTION_CHANNELS]

    def can_contact(self, campaigns: Campaigns, moments: Ints) -> Flags:
        """Mask (n, SLOTS) of the campaigns that can contact the person by a channel open at the moments (n, SLOTS)."""
        return campaigns.can_contact(self.slots, self.closes_at[:, None, :] > moments[:, :, None])


@dataclass(frozen=True)
class RenewalDecision(Columns):
    """One row per period: the events from `decision_start` to the charge. A moment is 0 without the event.

    `campaign` is -1 without an assignment. `arm` is the drawn arm, 0 for the control group, and `arm_probability` its
    probability given the selection. `arm_propensity` is the propensity in the drawn arm. `clicked` is the cancel click,
    `undone` its reversal, `bought` the purchase during an opt-in trial. `stays` (n, arms) are the potential outcomes
    before the charge.
    """

    campaign: Ints
    arm: Ints
    arm_probability: Floats
    contacted: Ints
    arm_propensity: Floats
    clicked: Ints
    undone: Ints
    bought: Ints
    stays: Flags

    @property
    def control(self) -> Flags:
        """Mask of the periods in the control group of a campaign."""
        return np.asarray((self.campaign >= 0) & (self.arm == CONTROL))

    @property
    def treated(self) -> Flags:
        """Mask of the periods with an action."""
        return np.asarray(self.arm > CONTROL)

    @property
    def cancelled(self) -> Flags:
        """Mask of the periods with a cancel click that was not reversed."""
        return np.asarray((self.clicked > 0) & (self.undone == 0))


def make_intent(
    people: People, campaigns: Campaigns, periods: Periods, log_odds: LogOdds, noise: Floats, closes_at: Ints
) -> Intent:
    """Build the state at each `decision_start`.

    `noise` (n,) blurs the engagement that campaigns see; `closes_at` is (n, CHANNELS).
    """
    candidates = RenewalCandidates(periods.user, log_odds.total, log_odds.engagement, log_odds.discontent)
    until = np.where(periods.kind == PAID, periods.end, periods.decision_start)
    slots = campaigns.slots(periods.decision_start, until)
    return Intent(
        observable=log_odds.observable,
        hidden=log_odds.hidden,
        propensity=logistic(log_odds.total),
        effects=contact_effect(people, candidates),
        slots=slots,
        targeted=targeting_probability(people, candidates, slots, noise),
        closes_at=closes_at,
    )


def draw_decisions(draws: Floats, campaigns: Campaigns, periods: Periods, intent: Intent) -> RenewalDecision:
    """Turn uniform numbers (n, DECISION_DRAWS) into the events of each period up to the charge."""
    threshold = draws[:, 0]
    opt_in = periods.kind == OPT_IN
    span = (periods.end - periods.decision_start).astype(np.float64)
    part = timing.click_part(draws[:, 1], draws[:, 2], periods.kind == AUTO)
    planned_click = periods.decision_start + np.maximum(1, moments(span * part))
    intends_to_leave = threshold < intent.propensity
    campaign = _select(draws[:, 3 : 3 + SLOTS], campaigns, intent)
    at = np.where(campaign >= 0, campaigns.at[campaign], 0)
    is_assigned = (campaign >= 0) & ~(intends_to_leave & (planned_click < at)) & ~opt_in
    arm, arm_probability = _draw_arms(draws[:, 6], campaigns, campaign, intent.open_actions(at))
    arm = np.where(is_assigned, arm, CONTROL)
    arm_propensities = intent.arm_propensities
    arm_propensity = arm_propensities[np.arange(len(arm)), arm]
    reminded_click = at + np.maximum(1, moments((periods.end - at) * draws[:, 7]))
    is_undone = draws[:, 8] < timing.UNDO_SHARE
    is_leaving = (threshold < arm_propensity) & ~opt_in
    clicked = np.where(is_leaving, np.where(intends_to_leave, planned_click, reminded_click), 0)
    undone = np.where(
        is_leaving & is_undone, clicked + np.maximum(1, moments((periods.end - clicked) * draws[:, 9])), 0
    )
    is_buying = opt_in & ~intends_to_leave
    until = (periods.end - periods.start + GRACE_PERIOD).astype(np.float64)
    return RenewalDecision(
        campaign=np.where(is_assigned, campaign, -1),
        arm=arm,
        arm_probability=np.where(is_assigned, arm_probability, 1.0),
        contacted=np.where(is_assigned, at, 0),
        arm_propensity=arm_propensity,
        clicked=np.minimum(clicked, periods.end - 2),
        undone=np.minimum(undone, periods.end - 1),
        bought=np.where(
            is_buying, periods.start + np.maximum(1, moments(until * timing.purchase_part(draws[:, 1]))), 0
        ),
        stays=(threshold[:, None] >= arm_propensities) | is_undone[:, None],
    )


def _select(draws: Floats, campaigns: Campaigns, intent: Intent) -> Ints:
    """The first campaign (n,) that selects each person, from uniform numbers (n, SLOTS); -1 without one."""
    selected = (draws < intent.targeted) & intent.can_contact(campaigns, campaigns.at[intent.slots])
    first = intent.slots[np.arange(len(selected)), selected.argmax(axis=1)]
    return np.where(selected.any(axis=1), first, -1)


def _draw_arms(draws: Floats, campaigns: Campaigns, campaign: Ints, open_actions: Flags) -> tuple[Ints, Floats]:
    """The arm (n,) drawn by uniform numbers (n,), and its probability; `open_actions` is (n, ACTIONS)."""
    probabilities = campaigns.arm_probabilities(campaign, open_actions)
    # Rounding can leave the last sum slightly below 1; a draw above it falls to the control group.
    passed = draws[:, None] >= np.cumsum(probabilities, axis=1)
    arm = np.where(passed.all(axis=1), CONTROL, passed.argmin(axis=1))
    return arm, probabilities[np.arange(len(arm)), arm]

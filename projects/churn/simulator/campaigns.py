"""Retention campaigns: their time, whom they select, and the randomised arms among the selected people."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.actions import ACTION_CHANNELS, ARM_NAMES, CONTROL, RenewalCandidates
from projects.churn.simulator.calendar import DAY, HOUR, SimulationWindow
from projects.churn.simulator.columns import Flags, Floats, Ints, logistic
from projects.churn.simulator.people.people import CHANNELS, People

CAMPAIGN_INTERVAL = 14 * DAY
#: number of the first campaign in the exports.
FIRST_CAMPAIGN = 101
#: maximum number of campaigns during the decision time of a period.
SLOTS = 3
#: the campaigns alternate between these plans: a name, and the actions besides the control group.
PLANS = {
    "reminders": ("email_none_1", "push_none_1"),
    "money": ("sms_discount_20_1", "email_discount_20_2", "push_free_month_2"),
    "titles": ("push_new_title_1", "email_discount_20_2", "email_new_title_3"),
    "mixed": ("push_new_title_1", "sms_discount_20_1", "push_free_month_2", "email_new_title_3"),
}
PLAN_NAMES = tuple(PLANS)
#: probability of the control group if a person accepts every channel; the actions share the rest equally.
CONTROL_PROBABILITY = 0.2
#: log-odds of being selected, and their change per unit of engagement and of noise.
SELECTION, SELECTION_ENGAGEMENT, SELECTION_NOISE = -2.2, -1.6, 0.5


def _plan_probabilities(actions: tuple[str, ...]) -> list[float]:
    action = (1 - CONTROL_PROBABILITY) / len(actions)
    return [CONTROL_PROBABILITY, *(action * (name in actions) for name in ARM_NAMES[1:])]


#: probability of each arm in each plan (plans, arms), and whether the plan uses each channel (plans, channels).
ARM_PROBABILITIES = np.array([_plan_probabilities(actions) for actions in PLANS.values()])
PLAN_CHANNELS = np.stack(
    [(ARM_PROBABILITIES[:, 1:] * (channel == ACTION_CHANNELS)).any(axis=1) for channel in range(len(CHANNELS))],
    axis=1,
)


@dataclass(frozen=True)
class Campaigns:
    """One row per campaign, in the order of time; `plan` is a position in `PLANS`."""

    at: Ints
    plan: Ints

    def slots(self, since: Ints, until: Ints) -> Ints:
        """Campaigns strictly inside each interval, as row numbers (n, SLOTS); -1 fills the empty slots."""
        first = np.searchsorted(self.at, since, side="right")[:, None] + np.arange(SLOTS)
        inside = (first < len(self.at)) & (self.at[np.minimum(first, len(self.at) - 1)] < until[:, None])
        return np.where(inside, first, -1).astype(np.int64)

    def can_contact(self, slots: Ints, is_open: Flags) -> Flags:
        """Mask (n, SLOTS) of the campaigns with an action by a channel that is open (n, SLOTS, CHANNELS)."""
        return np.asarray((PLAN_CHANNELS[self.plan[slots]] & is_open).any(axis=-1) & (slots >= 0))

    def arm_probabilities(self, campaign: Ints, open_actions: Flags) -> Floats:
        """Probability (n, arms) of each arm for people selected by the campaigns (n,).

        Nobody gets an action of a closed channel, where `open_actions` (n, ACTIONS) is false. The control group and the
        other actions share its probability in proportion to their own.
        """
        weight = ARM_PROBABILITIES[self.plan[campaign]]
        weight[:, CONTROL + 1 :] *= open_actions
        return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)


def mean_over_arms(changes: Floats, open_actions: Flags) -> Floats:
    """Mean (n, plans) of `changes` (n, ACTIONS) over the arms of each plan; the control group changes nothing."""
    weights = ARM_PROBABILITIES[:, CONTROL + 1 :]
    # Not `@`: for so few columns the threads of BLAS cost more than they save.
    total = CONTROL_PROBABILITY + np.einsum("na,pa->np", open_actions, weights)
    return np.asarray(np.einsum("na,na,pa->np", changes, open_actions, weights) / total, dtype=np.float64)


def make_campaigns(window: SimulationWindow) -> Campaigns:
    """One campaign every two weeks; the plans alternate."""
    at = np.arange(window.start + 9 * DAY + 11 * HOUR, window.end, CAMPAIGN_INTERVAL)
    return Campaigns(at, np.arange(len(at)) % len(PLANS))


def targeting_probability(people: People, candidates: RenewalCandidates, slots: Ints, noise: Floats) -> Floats:
    """Probability (n, SLOTS) of being selected by each campaign that can contact the person.

    It is higher for people with low engagement, and 0 for people in the global control group. `noise` (n,) blurs the
    engagement that campaigns see.
    """
    score = logistic(SELECTION + SELECTION_ENGAGEMENT * candidates.engagement + SELECTION_NOISE * noise)
    reached = (slots >= 0) & ~people.global_control[candidates.users][:, None]
    return np.where(reached, score[:, None], 0.0)

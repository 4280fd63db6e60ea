"""Retention campaigns: their time, channel and offer, whom they target, and how a contact changes the log-odds."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR, SimulationWindow
from projects.churn.simulator.columns import Flags, Floats, Ints, logistic
from projects.churn.simulator.people.people import People

CAMPAIGN_INTERVAL = 14 * DAY
OFFERS = ("none", "discount_20", "free_month", "new_title")
CHANNELS = ("email", "push")
#: share of the selected people of every campaign who are drawn as control and are sent nothing.
CONTROL_SHARE = 0.10
#: maximum number of campaigns during the decision time of a period.
SLOTS = 3
#: strength of each of `OFFERS` on persuadable people.
OFFER_STRENGTH = np.array([0.55, 1.0, 1.35, 0.8])
#: change of the log-odds of leaving at full strength, and where on the scale of log-odds people are persuadable.
PERSUASION = -1.5
PERSUADABLE_LOG_ODDS, PERSUADABLE_SPREAD = -2.1, 0.85
#: change of the log-odds of people who had forgotten their subscription: the contact reminds them of it.
REMINDER_EFFECT = 1.15
EMAIL = 0


@dataclass(frozen=True)
class Campaigns:
    """One row per campaign, in the order of time; `channel` and `offer` are positions in `CHANNELS` and `OFFERS`."""

    at: Ints
    channel: Ints
    offer: Ints

    def slots(self, since: Ints, until: Ints) -> Ints:
        """Campaigns strictly inside each interval, as row numbers (n, SLOTS); -1 fills the empty slots."""
        first = np.searchsorted(self.at, since, side="right")[:, None] + np.arange(SLOTS)
        inside = (first < len(self.at)) & (self.at[np.minimum(first, len(self.at) - 1)] < until[:, None])
        return np.where(inside, first, -1).astype(np.int64)


def make_campaigns(window: SimulationWindow) -> Campaigns:
    """One campaign every two weeks; offers and channels alternate."""
    at = np.arange(window.start + 9 * DAY + 11 * HOUR, window.end, CAMPAIGN_INTERVAL)
    number = np.arange(len(at))
    return Campaigns(at, (number // 2) % 2, number % len(OFFERS))


@dataclass(frozen=True)
class RenewalCandidates:
    """One row per renewal that a campaign can reach: the person and the latent causes of leaving."""

    users: Ints
    log_odds: Floats
    engagement: Floats
    discontent: Floats


def targeting_probability(
    people: People, campaigns: Campaigns, candidates: RenewalCandidates, slots: Ints, noise: Floats
) -> Floats:
    """Probability (n, SLOTS) of being selected by each campaign.

    It is higher for people with low engagement, and 0 for people who do not accept the channel or are in the global
    control group. `noise` (n,) blurs the engagement that campaigns see.
    """
    targeted = np.stack([people.accepts_email[candidates.users], people.accepts_push[candidates.users]])
    channel = campaigns.channel[slots]
    reached = np.where(channel == EMAIL, targeted[0][:, None], targeted[1][:, None])
    reached &= (slots >= 0) & ~people.global_control[candidates.users][:, None]
    score = logistic(-1.1 - 0.9 * candidates.engagement + 0.5 * noise)
    return np.where(reached, score[:, None], 0.0)


def contact_effect(people: People, campaigns: Campaigns, candidates: RenewalCandidates, slots: Ints) -> Floats:
    """Change (n, SLOTS) of the log-odds of leaving if a campaign contacts the person.

    The effect is not monotone in risk. It is strongest near `PERSUADABLE_LOG_ODDS` and weak for people who are almost
    certain to leave. People who had forgotten their subscription are reminded of it and leave more often.
    """
    offer = campaigns.offer[slots]
    closeness = np.exp(-0.5 * ((candidates.log_odds - PERSUADABLE_LOG_ODDS) / PERSUADABLE_SPREAD) ** 2)
    thrift = people.thrift[candidates.users][:, None]
    paid_offer = (offer == OFFERS.index("discount_20")) | (offer == OFFERS.index("free_month"))
    appeal = OFFER_STRENGTH[offer] * np.where(paid_offer, 0.5 + thrift, 1.5 - thrift)
    change = PERSUASION * closeness[:, None] * appeal
    channel_factor = np.where(campaigns.channel[slots] == EMAIL, 1.15, 0.85)
    reminded = has_forgotten(candidates)[:, None] & (slots >= 0)
    return np.asarray(np.where(reminded, REMINDER_EFFECT * channel_factor, change), dtype=np.float64)


def has_forgotten(candidates: RenewalCandidates) -> Flags:
    """Mask of the people who hardly watch but are content enough to keep paying: they forgot their subscription."""
    return (
        (candidates.engagement < -0.75) & (candidates.discontent < 0.0) & (candidates.log_odds < PERSUADABLE_LOG_ODDS)
    )

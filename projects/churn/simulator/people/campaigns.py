"""Retention campaigns: when, by which channel, with what, and what they change in the mind of whom."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR, Window
from projects.churn.simulator.columns import Flags, Floats, Ints, logistic
from projects.churn.simulator.people.people import People

EVERY = 14 * DAY
OFFERS = ("none", "discount_20", "free_month", "new_title")
CHANNELS = ("email", "push")
#: randomised inside every campaign; nothing is sent to them.
CONTROL = 0.10
#: campaigns that can fall into the days in which a renewal is decided.
SLOTS = 3
#: how well an offer works on the persuadable.
STRENGTH = np.array([0.55, 1.0, 1.35, 0.8])
PERSUADED = -1.5
MIDDLE, SPREAD = -2.1, 0.85
#: those who forgot their subscription and are reminded of it.
AWAKENED = 1.15
EMAIL = 0


@dataclass(frozen=True)
class Campaigns:
    """One row a campaign, in order of time."""

    at: Ints
    channel: Ints
    offer: Ints

    def slots(self, since: Ints, until: Ints) -> Ints:
        """Campaigns strictly inside each interval: numbers (n, SLOTS), -1 where there is none."""
        first = np.searchsorted(self.at, since, side="right")[:, None] + np.arange(SLOTS)
        inside = (first < len(self.at)) & (self.at[np.minimum(first, len(self.at) - 1)] < until[:, None])
        return np.where(inside, first, -1).astype(np.int64)


def make_campaigns(window: Window) -> Campaigns:
    """One campaign every two weeks, offers and channels in turn."""
    at = np.arange(window.start + 9 * DAY + 11 * HOUR, window.end, EVERY)
    number = np.arange(len(at))
    return Campaigns(at, (number // 2) % 2, number % len(OFFERS))


@dataclass(frozen=True)
class Minds:
    """What campaigns meet: one row a renewal; `forgotten` marks those who hardly watch but do not think of leaving."""

    users: Ints
    log_odds: Floats
    engagement: Floats
    discontent: Floats


def selected(people: People, campaigns: Campaigns, minds: Minds, slots: Ints, noise: Floats) -> Floats:
    """Probability (n, SLOTS) to be targeted: higher for those who seem to care little, 0 for those out of reach."""
    reach = np.stack([people.accepts_email[minds.users], people.accepts_push[minds.users]])
    channel = campaigns.channel[slots]
    reached = np.where(channel == EMAIL, reach[0][:, None], reach[1][:, None])
    reached &= (slots >= 0) & ~people.global_control[minds.users][:, None]
    score = logistic(-1.1 - 0.9 * minds.engagement + 0.5 * noise)
    return np.where(reached, score[:, None], 0.0)


def effect(people: People, campaigns: Campaigns, minds: Minds, slots: Ints) -> Floats:
    """Change (n, SLOTS) of the log-odds of leaving: not monotone in risk.

    The middle is persuaded, those who are lost are not, and those who had forgotten their subscription are woken.
    """
    offer = campaigns.offer[slots]
    closeness = np.exp(-0.5 * ((minds.log_odds - MIDDLE) / SPREAD) ** 2)
    thrift = people.thrift[minds.users][:, None]
    paid_offer = (offer == OFFERS.index("discount_20")) | (offer == OFFERS.index("free_month"))
    appeal = STRENGTH[offer] * np.where(paid_offer, 0.5 + thrift, 1.5 - thrift)
    change = PERSUADED * closeness[:, None] * appeal
    channel_factor = np.where(campaigns.channel[slots] == EMAIL, 1.15, 0.85)
    woken = forgotten(minds)[:, None] & (slots >= 0)
    return np.asarray(np.where(woken, AWAKENED * channel_factor, change), dtype=np.float64)


def forgotten(minds: Minds) -> Flags:
    """Those who hardly watch, yet are content enough to go on paying."""
    return (minds.engagement < -0.75) & (minds.discontent < 0.0) & (minds.log_odds < MIDDLE)

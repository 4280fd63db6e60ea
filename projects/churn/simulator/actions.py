"""Actions of campaigns, and how each changes the log-odds of leaving.

An *action* is a channel, an offer and a planned number of contacts. The *arms* of a campaign are the control group,
which is arm 0, and its actions; arm `i` is `ACTIONS[i - 1]` in every campaign.
"""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.columns import Columns, Flags, Floats, Ints, logistic
from projects.churn.simulator.people.people import CHANNELS, People

OFFERS = ("none", "discount_20", "free_month", "new_title")
NO_OFFER, DISCOUNT_20, FREE_MONTH, NEW_TITLE = range(len(OFFERS))


@dataclass(frozen=True)
class CampaignAction:
    """What a campaign does to a person: `contacts` messages by the channel, with the offer."""

    channel: str
    offer: str
    contacts: int

    @property
    def name(self) -> str:
        """The name in the files of the truth, such as `email_discount_20_2`."""
        return f"{self.channel}_{self.offer}_{self.contacts}"


ACTIONS = (
    CampaignAction("email", "none", 1),
    CampaignAction("push", "none", 1),
    CampaignAction("push", "new_title", 1),
    CampaignAction("sms", "discount_20", 1),
    CampaignAction("email", "discount_20", 2),
    CampaignAction("push", "free_month", 2),
    CampaignAction("email", "new_title", 3),
)
CONTROL = 0
ARM_NAMES = ("control", *(action.name for action in ACTIONS))
#: channel, offer and number of contacts of each action.
ACTION_CHANNELS = np.array([CHANNELS.index(action.channel) for action in ACTIONS])
ACTION_OFFERS = np.array([OFFERS.index(action.offer) for action in ACTIONS])
ACTION_CONTACTS = np.array([action.contacts for action in ACTIONS])
#: the same of each arm; the control group has no channel and no offer (-1), and no contact.
ARM_CHANNELS, ARM_OFFERS = np.array([-1, *ACTION_CHANNELS]), np.array([-1, *ACTION_OFFERS])
ARM_CONTACTS = np.array([0, *ACTION_CONTACTS])
MAX_CONTACTS = int(ACTION_CONTACTS.max())

#: change of the log-odds at full strength, and where on the scale of log-odds people are persuadable.
PERSUASION = -2.8
PERSUADABLE_LOG_ODDS, PERSUADABLE_SPREAD = -1.6, 1.3
#: strength of each of `OFFERS` and of each of `CHANNELS`; a plain reminder persuades nobody.
OFFER_STRENGTH = np.array([0.0, 1.0, 1.2, 0.8])
CHANNEL_STRENGTH = np.array([1.0, 0.8, 1.2])
#: strength of 1, 2 and 3 contacts: each further contact adds less.
CONTACTS_STRENGTH = np.array([1.0, 1.25, 1.35])
#: change of the log-odds by the annoyance about 1, 2 and 3 contacts.
ANNOYANCE = np.array([0.0, 0.0, 1.8])
#: change of the log-odds of people who had forgotten their subscription: the contact reminds them of it.
REMINDER_EFFECT = 1.6
FORGOTTEN_ENGAGEMENT, FORGOTTEN_LOG_ODDS = -0.75, -2.6


@dataclass(frozen=True)
class RenewalCandidates(Columns):
    """One row per renewal that a campaign can reach: the person and the latent causes of leaving."""

    users: Ints
    log_odds: Floats
    engagement: Floats
    discontent: Floats


def contact_effect(people: People, candidates: RenewalCandidates) -> Floats:
    """Change (n, ACTIONS) of the log-odds of leaving by each action.

    The effect is the sum of three parts, and 0 if the address is dead:

    - Persuasion lowers the log-odds, most near `PERSUADABLE_LOG_ODDS`, and hardly those of people who are almost
      certain to stay or to leave. Thrifty people prefer money, others new titles.
    - The third contact annoys: it raises the log-odds, less for people who leave anyway.
    - A contact reminds people of a forgotten subscription. It raises their log-odds, and no offer persuades them.
    """
    distance = (candidates.log_odds - PERSUADABLE_LOG_ODDS) / PERSUADABLE_SPREAD
    closeness = np.exp(-0.5 * distance**2)[:, None]
    thrift = people.thrift[candidates.users][:, None]
    is_money = (ACTION_OFFERS == DISCOUNT_20) | (ACTION_OFFERS == FREE_MONTH)
    appeal = OFFER_STRENGTH[ACTION_OFFERS] * np.where(is_money, 0.4 + 1.2 * thrift, 1.6 - 1.2 * thrift)
    strength = CHANNEL_STRENGTH[ACTION_CHANNELS] * CONTACTS_STRENGTH[ACTION_CONTACTS - 1]
    forgotten = has_forgotten(candidates)[:, None]
    change = np.where(forgotten, REMINDER_EFFECT * strength, PERSUASION * closeness * appeal * strength)
    change += ANNOYANCE[ACTION_CONTACTS - 1] * (1 - logistic(candidates.log_odds))[:, None]
    is_dead = people.dead_addresses[candidates.users][:, ACTION_CHANNELS]
    return np.asarray(np.where(is_dead, 0.0, change), dtype=np.float64)


def has_forgotten(candidates: RenewalCandidates) -> Flags:
    """Mask of the people who hardly watch but are content enough to keep paying: they forgot their subscription."""
    return (
        (candidates.engagement < FORGOTTEN_ENGAGEMENT)
        & (candidates.discontent < 0.0)
        & (candidates.log_odds < FORGOTTEN_LOG_ODDS)
    )

"""Messages to people, and their reactions: messages are refused, opened and clicked, and people unsubscribe.

An unsubscribe closes its channel: nothing more is sent by it. All reactions are drawn before it is clear which message
closes a channel. The first unsubscribe from a channel counts, and messages of that channel after it are never sent.
"""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR, SimulationWindow
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints, moments
from projects.churn.simulator.people.engagement import LatentStates
from projects.churn.simulator.people.people import EMAIL, People
from projects.churn.simulator.streams import Streams, between

#: a channel that never closes; larger than any moment.
NEVER = 1 << 34
#: number of the first digest in the exports. Digests go every three weeks by e-mail; they have no control group.
FIRST_DIGEST = 900
DIGEST_HOUR = 12 * HOUR
DIGEST_INTERVAL = 21 * DAY
DIGEST_SHARE = 0.8
#: time between the contacts of one action.
CONTACT_INTERVAL = 3 * DAY
SENDING_SECONDS = (60, 3 * HOUR)
#: share of messages that are opened at engagement 0, by channel; opening an SMS means opening its link.
OPEN_SHARES = np.array([0.18, 0.14, 0.22])
OPEN_ENGAGEMENT, MIN_OPEN_SHARE, MAX_OPEN_SHARE = 0.07, 0.03, 0.6
MEAN_OPEN_DELAY = 8 * HOUR
CLICK_SHARE = 0.15
#: share of opened messages that are followed by an unsubscribe: first, second and third contact of an action.
UNSUBSCRIBE_SHARES = np.array([0.006, 0.02, 0.06])
#: uniform numbers per message: sending, opening and its delay, click, unsubscribe.
MESSAGE_DRAWS = 5


@dataclass(frozen=True)
class Recipients(Columns):
    """One row per planned message: its recipient, exported campaign number, channel, planned moment and contact number.

    `contact` is 0 for the first contact of an action.
    """

    user: Ints
    campaign: Ints
    channel: Ints
    planned: Ints
    contact: Ints


@dataclass(frozen=True)
class Messages(Columns):
    """One row per planned message. A moment is 0 without the event; a refused message has no reaction."""

    user: Ints
    campaign: Ints
    channel: Ints
    sent: Ints
    refused: Flags
    opened: Ints
    clicked: Ints
    unsubscribed: Ints


def draw_messages(draws: Floats, people: People, latent_states: LatentStates, recipients: Recipients) -> Messages:
    """Turn uniform numbers (n, MESSAGE_DRAWS) into messages and reactions."""
    user, channel = recipients.user, recipients.channel
    sent = recipients.planned + between(draws[:, 0], *SENDING_SECONDS)
    keen = OPEN_SHARES[channel] + OPEN_ENGAGEMENT * latent_states.engagement_at(user, sent)
    refused = people.dead_addresses[user, channel]
    is_opened = ~refused & (draws[:, 1] < np.clip(keen, MIN_OPEN_SHARE, MAX_OPEN_SHARE))
    opened = sent + 30 + moments(-MEAN_OPEN_DELAY * np.log1p(-draws[:, 2]))
    is_clicked = is_opened & (draws[:, 3] < CLICK_SHARE)
    is_unsubscribed = is_opened & (draws[:, 4] < UNSUBSCRIBE_SHARES[recipients.contact])
    return Messages(
        user=user,
        campaign=recipients.campaign,
        channel=channel,
        sent=sent,
        refused=refused,
        opened=np.where(is_opened, opened, 0),
        clicked=np.where(is_clicked, opened + 40, 0),
        unsubscribed=np.where(is_unsubscribed, opened + 70, 0),
    )


def make_digests(streams: Streams, window: SimulationWindow, people: People, latent_states: LatentStates) -> Messages:
    """Draw the digests of the window to everybody who accepts e-mail, without the global control group."""
    rng = streams.generator("digests")
    parts = []
    for number, at in enumerate(range(window.start + 4 * DAY + DIGEST_HOUR, window.end, DIGEST_INTERVAL)):
        draws = rng.random((len(people), 1 + MESSAGE_DRAWS))
        accepts = people.accepts_email & ~people.global_control & (people.signed_up < at)
        user = np.flatnonzero(accepts & (draws[:, 0] < DIGEST_SHARE))
        constants = (np.full(len(user), value) for value in (FIRST_DIGEST + number, EMAIL, at, 0))
        parts.append(draw_messages(draws[user, 1:], people, latent_states, Recipients(user, *constants)))
    return Messages.concat(parts)


def open_channels(people: People, digests: Messages) -> Ints:
    """Moment (people, CHANNELS) from which nothing is sent by each channel, as far as digests close it.

    It is 0 for a channel that the person does not accept, and `NEVER` for a channel that stays open.
    """
    closes_at = np.where(people.consents, NEVER, 0)
    close_channels(closes_at, digests)
    return closes_at


def close_channels(closes_at: Ints, messages: Messages) -> None:
    """Close channels (people, CHANNELS) in place at the unsubscribes that these messages would cause."""
    left = messages.select_rows(messages.unsubscribed > 0)
    np.minimum.at(closes_at, (left.user, left.channel), left.unsubscribed)

"""Contacts of campaigns, and the message history of the sending platform."""

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR, MOSCOW_OFFSET
from projects.churn.simulator.campaigns import CHANNELS, EMAIL, OFFERS
from projects.churn.simulator.columns import Fields, Floats, Ints
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.events import draw_delays
from projects.churn.simulator.streams import Streams, ids
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.accounts import address
from projects.churn.simulator.systems.logs import Log, Texts
from projects.churn.simulator.world import World

GROUPS = ("treatment", "control")
ACTIONS = ("send", "open", "click", "unsubscribe")
SEND, OPEN, CLICK, UNSUBSCRIBE = range(len(ACTIONS))
NAMES = tuple(f"retention {offer}" for offer in OFFERS)
FIRST_CAMPAIGN = 101
#: a digest goes every three weeks to people who accept e-mail; it is no campaign and has no control group.
DIGEST = 900
DIGEST_HOUR = 12 * HOUR
DIGEST_EVERY = 21 * DAY
#: a row of the history; each `%` stands for a value.
LINE = (
    '{"xxh":"%","profile_id":"%","email":"%","list_id":66,"action":"%","count":1,"datetime":"%T%.%Z",'
    '"message_id":%,"campaign_id":%,"event_id":"%","smid":"%","campaign_name":"campaign %","message_name":"message %",'
    '"subscription":{"resource_id":5,"resource_name":"cinema","channel":"%","email":"%","priority":0,'
    '"status":"subscribed"},"fields":{"user_id":"%"}}'
)


def contact_rows(contracts: Contracts) -> Ints:
    """Rows of the periods with a contact, in the order of time."""
    rows = np.flatnonzero(contracts.decision.campaign >= 0)
    return rows[np.argsort(contracts.decision.contacted[rows], kind="stable")]


def contacts(world: World, contracts: Contracts) -> Log:
    """Build the log of assignments to campaigns, control group included."""
    rows = contact_rows(contracts)
    decision = contracts.decision.select_rows(rows)
    number = np.arange(len(rows))
    inside = decision.contacted < world.window.end
    received_at = decision.contacted + draw_delays(world.streams.substreams("contacts known"), len(rows))
    fields: Fields = {
        "number": number, "user": contracts.periods.user[rows], "campaign": decision.campaign,
        "channel": world.campaigns.channel[decision.campaign], "offer": world.campaigns.offer[decision.campaign],
        "group": decision.control.astype(np.int64), "at": decision.contacted, "received_at": received_at,
    }  # fmt: skip
    fields = {name: values[inside] for name, values in fields.items()}
    return Log("campaign_contacts.csv.gz", received_at[inside], fields, _contact_texts, "assigned_at")


def _contact_texts(rows: Fields) -> Texts:
    return {
        "contact_id": text.prefixed_number("c", rows["number"], 7),
        "user_id": text.user_id(rows["user"]),
        "campaign_id": text.to_text(rows["campaign"] + FIRST_CAMPAIGN),
        "campaign_name": text.look_up(NAMES, rows["offer"]),
        "channel": text.look_up(CHANNELS, rows["channel"]),
        "offer": text.look_up(OFFERS, rows["offer"]),
        "group": text.look_up(GROUPS, rows["group"]),
        "assigned_at": text.iso_time(rows["at"]),
        "reported_at": text.iso_time(rows["received_at"]),
    }


def history(world: World, contracts: Contracts) -> Log:
    """Build the history of messages: sent, opened, clicked, unsubscribed. The control group gets none."""
    streams = world.streams.substreams("history")
    rows = contact_rows(contracts)
    decision = contracts.decision.select_rows(rows)
    sent = ~decision.control
    user, at = contracts.periods.user[rows][sent], decision.contacted[sent]
    campaign, channel = decision.campaign[sent] + FIRST_CAMPAIGN, world.campaigns.channel[decision.campaign[sent]]
    digest = _digests(streams.generator("digests"), world)
    user, at = np.concatenate([user, digest[0]]), np.concatenate([at, digest[1]])
    campaign = np.concatenate([campaign, digest[2]])
    channel = np.concatenate([channel, np.full(len(digest[0]), EMAIL)])
    order = np.argsort(at, kind="stable")
    return _log(streams, world, user[order], at[order], campaign[order], channel[order])


def _digests(rng: np.random.Generator, world: World) -> tuple[Ints, Ints, Ints]:
    """Draw users, moments and campaign numbers of the digests."""
    window, people = world.window, world.people
    users, moments, numbers = [], [], []
    for number, at in enumerate(range(window.start + 4 * DAY + DIGEST_HOUR, window.end, DIGEST_EVERY)):
        open_to = people.accepts_email & ~people.global_control & (people.signed_up < at)
        recipients = np.flatnonzero(open_to & (rng.random(len(people)) < 0.8))
        users.append(recipients)
        moments.append(np.full(len(recipients), at))
        numbers.append(np.full(len(recipients), DIGEST + number))
    return np.concatenate(users), np.concatenate(moments), np.concatenate(numbers)


def _log(streams: Streams, world: World, user: Ints, at: Ints, campaign: Ints, channel: Ints) -> Log:
    generator, everybody = streams.generator, len(user)
    sent = at + generator("sent").integers(60, 3 * HOUR, everybody)
    engagement = world.latent_states.engagement_at(user, sent)
    keen: Floats = np.clip(0.18 + 0.07 * engagement, 0.03, 0.6)
    opened = np.flatnonzero(generator("open").random(everybody) < keen)
    clicked = opened[generator("click").random(everybody)[opened] < 0.15]
    left = opened[generator("unsubscribe").random(everybody)[opened] < 0.004]
    opens = (generator("opens").exponential(8 * HOUR, everybody) + 30).astype(np.int64)
    message = np.concatenate([np.arange(everybody), opened, clicked, left])
    after = np.concatenate([np.zeros(everybody, dtype=np.int64), opens[opened], opens[clicked] + 40, opens[left] + 70])
    action = np.repeat([SEND, OPEN, CLICK, UNSUBSCRIBE], [everybody, len(opened), len(clicked), len(left)])
    order = np.argsort(sent[message] + after, kind="stable")
    message, action, received_at = message[order], action[order], (sent[message] + after)[order]
    fields: Fields = {
        "user": user[message], "campaign": campaign[message], "channel": channel[message], "action": action,
        "at": received_at, "thousandth": generator("thousandth").integers(0, 1000, len(message)),
        "event": ids(generator("event"), len(message)),
        "event_low": ids(generator("event low"), len(message)),
    }  # fmt: skip
    return Log("campaign_history.jsonl", received_at, fields, _history_texts)


def _history_texts(rows: Fields) -> Texts:
    user = rows["user"]
    name = text.to_text(rows["campaign"])
    moment = text.local_time(rows["at"] - MOSCOW_OFFSET)
    mail = address(user)
    profile = text.hexadecimal(
        (user.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15), user.astype(np.uint64)
    )
    channel = text.look_up(CHANNELS, rows["channel"])
    event, low = rows["event"], rows["event_low"]
    line = text.fill_template(
        LINE, text.hexadecimal(event ^ np.uint64(0x5DEECE66D)), profile, mail, text.look_up(ACTIONS, rows["action"]),
        text.day_of(moment), text.time_of(moment), text.prefixed_number("", rows["thousandth"], 3), name, name,
        text.hexadecimal(event, low), text.hexadecimal(low), name, name, channel, mail, text.user_id(user),
    )  # fmt: skip
    return {"line": line}

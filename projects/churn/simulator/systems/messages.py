"""Contacts of campaigns, and what the sending platform says became of its messages."""

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR, MOSCOW
from projects.churn.simulator.columns import Floats, Ints
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.people.campaigns import CHANNELS, EMAIL, OFFERS
from projects.churn.simulator.streams import Streams, ids
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.accounts import address
from projects.churn.simulator.systems.logs import (
    Fields,
    Log,
    Texts,
    delays,
)
from projects.churn.simulator.world import World

GROUPS = ("treatment", "control")
ACTIONS = ("send", "open", "click", "unsubscribe")
SEND, OPEN, CLICK, UNSUBSCRIBE = range(len(ACTIONS))
NAMES = tuple(f"retention {offer}" for offer in OFFERS)
FIRST_CAMPAIGN = 101
#: every three weeks a digest goes to everybody who accepts e-mail; it is no campaign and has no control.
DIGEST = 900
DIGEST_HOUR = 12 * HOUR
DIGEST_EVERY = 21 * DAY
#: a row of the history, `%` for what differs.
LINE = (
    '{"xxh":"%","profile_id":"%","email":"%","list_id":66,"action":"%","count":1,"datetime":"%T%.%Z",'
    '"message_id":%,"campaign_id":%,"event_id":"%","smid":"%","campaign_name":"campaign %","message_name":"message %",'
    '"subscription":{"resource_id":5,"resource_name":"cinema","channel":"%","email":"%","priority":0,'
    '"status":"subscribed"},"fields":{"user_id":"%"}}'
)


def contact_rows(contracts: Contracts) -> Ints:
    """Periods with a contact, in the order of time."""
    rows = np.flatnonzero(contracts.course.campaign >= 0)
    return rows[np.argsort(contracts.course.contacted[rows], kind="stable")]


def contacts(world: World, contracts: Contracts) -> Log:
    """Who was assigned to which campaign, control included."""
    rows = contact_rows(contracts)
    course = contracts.course.take(rows)
    number = np.arange(len(rows))
    inside = course.contacted < world.window.end
    known = course.contacted + delays(world.streams.under("contacts known"), len(rows))
    fields: Fields = {
        "number": number, "user": contracts.terms.user[rows], "campaign": course.campaign,
        "channel": world.campaigns.channel[course.campaign], "offer": world.campaigns.offer[course.campaign],
        "group": course.control.astype(np.int64), "at": course.contacted, "known": known,
    }  # fmt: skip
    return Log(
        "campaign_contacts.csv.gz", known[inside], {name: one[inside] for name, one in fields.items()}, _contact_texts,
        "assigned_at",
    )  # fmt: skip


def _contact_texts(rows: Fields) -> Texts:
    return {
        "contact_id": text.numbered("c", rows["number"], 7),
        "user_id": text.user_id(rows["user"]),
        "campaign_id": text.plain(rows["campaign"] + FIRST_CAMPAIGN),
        "campaign_name": text.words(NAMES, rows["offer"]),
        "channel": text.words(CHANNELS, rows["channel"]),
        "offer": text.words(OFFERS, rows["offer"]),
        "group": text.words(GROUPS, rows["group"]),
        "assigned_at": text.iso(rows["at"]),
        "reported_at": text.iso(rows["known"]),
    }


def history(world: World, contracts: Contracts) -> Log:
    """Messages sent, opened, clicked; never to control."""
    streams = world.streams.under("history")
    rows = contact_rows(contracts)
    course = contracts.course.take(rows)
    sent = ~course.control
    user, at = contracts.terms.user[rows][sent], course.contacted[sent]
    campaign, channel = course.campaign[sent] + FIRST_CAMPAIGN, world.campaigns.channel[course.campaign[sent]]
    digest = _digests(streams.of("digests"), world)
    user, at = np.concatenate([user, digest[0]]), np.concatenate([at, digest[1]])
    campaign = np.concatenate([campaign, digest[2]])
    channel = np.concatenate([channel, np.full(len(digest[0]), EMAIL)])
    order = np.argsort(at, kind="stable")
    return _log(streams, world, user[order], at[order], campaign[order], channel[order])


def _digests(rng: np.random.Generator, world: World) -> tuple[Ints, Ints, Ints]:
    """Users, moments and numbers of the digests."""
    window, people = world.window, world.people
    users, moments, numbers = [], [], []
    for number, at in enumerate(range(window.start + 4 * DAY + DIGEST_HOUR, window.end, DIGEST_EVERY)):
        open_to = people.accepts_email & ~people.global_control & (people.signed_up < at)
        here = np.flatnonzero(open_to & (rng.random(len(people)) < 0.8))
        users.append(here)
        moments.append(np.full(len(here), at))
        numbers.append(np.full(len(here), DIGEST + number))
    return np.concatenate(users), np.concatenate(moments), np.concatenate(numbers)


def _log(streams: Streams, world: World, user: Ints, at: Ints, campaign: Ints, channel: Ints) -> Log:
    draw, everybody = streams.of, len(user)
    sent = at + draw("sent").integers(60, 3 * HOUR, everybody)
    mood = world.moods.engagement_at(user, sent)
    keen: Floats = np.clip(0.18 + 0.07 * mood, 0.03, 0.6)
    opened = np.flatnonzero(draw("open").random(everybody) < keen)
    clicked = opened[draw("click").random(everybody)[opened] < 0.15]
    left = opened[draw("unsubscribe").random(everybody)[opened] < 0.004]
    opens = (draw("opens").exponential(8 * HOUR, everybody) + 30).astype(np.int64)
    of = np.concatenate([np.arange(everybody), opened, clicked, left])
    after = np.concatenate([np.zeros(everybody, dtype=np.int64), opens[opened], opens[clicked] + 40, opens[left] + 70])
    action = np.repeat([SEND, OPEN, CLICK, UNSUBSCRIBE], [everybody, len(opened), len(clicked), len(left)])
    order = np.argsort(sent[of] + after, kind="stable")
    of, action, known = of[order], action[order], (sent[of] + after)[order]
    fields: Fields = {
        "user": user[of], "campaign": campaign[of], "channel": channel[of], "action": action, "at": known,
        "thousandth": draw("thousandth").integers(0, 1000, len(of)), "event": ids(draw("event"), len(of)),
        "event_low": ids(draw("event low"), len(of)),
    }  # fmt: skip
    return Log("campaign_history.jsonl", known, fields, _history_texts)


def _history_texts(rows: Fields) -> Texts:
    user = rows["user"]
    name = text.plain(rows["campaign"])
    moment = text.clock(rows["at"] - MOSCOW)
    mail = address(user)
    profile = text.hexadecimal(
        (user.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15), user.astype(np.uint64)
    )
    channel = text.words(CHANNELS, rows["channel"])
    event, low = rows["event"], rows["event_low"]
    line = text.filled(
        LINE, text.hexadecimal(event ^ np.uint64(0x5DEECE66D)), profile, mail, text.words(ACTIONS, rows["action"]),
        text.day_of(moment), text.time_of(moment), text.numbered("", rows["thousandth"], 3), name, name,
        text.hexadecimal(event, low), text.hexadecimal(low), name, name, channel, mail, text.user_id(user),
    )  # fmt: skip
    return {"line": line}

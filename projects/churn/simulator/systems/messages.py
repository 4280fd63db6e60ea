"""Contacts of campaigns, and the message history of the sending platform."""

import numpy as np

from projects.churn.simulator.actions import ARM_CHANNELS, ARM_CONTACTS, ARM_OFFERS, OFFERS
from projects.churn.simulator.calendar import MOSCOW_OFFSET
from projects.churn.simulator.campaigns import FIRST_CAMPAIGN, PLAN_NAMES
from projects.churn.simulator.columns import Fields, Ints
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.events import draw_delays
from projects.churn.simulator.mailing import Messages
from projects.churn.simulator.people.people import CHANNELS
from projects.churn.simulator.streams import ids
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.accounts import address
from projects.churn.simulator.systems.logs import Log, Texts
from projects.churn.simulator.world import World

GROUPS = ("treatment", "control")
ACTIONS = ("send", "refuse", "open", "click", "unsubscribe")
SEND, REFUSE, OPEN, CLICK, UNSUBSCRIBE = range(len(ACTIONS))
NAMES = tuple(f"retention {plan}" for plan in PLAN_NAMES)
#: decimal places of exported probabilities.
PLACES = 6
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
        "plan": world.campaigns.plan[decision.campaign], "channel": ARM_CHANNELS[decision.arm],
        "offer": ARM_OFFERS[decision.arm], "contacts": ARM_CONTACTS[decision.arm],
        "probability": decision.arm_probability, "group": decision.control.astype(np.int64), "at": decision.contacted,
        "received_at": received_at,
    }  # fmt: skip
    fields = {name: values[inside] for name, values in fields.items()}
    return Log("campaign_contacts.csv.gz", received_at[inside], fields, _contact_texts, "assigned_at")


def _contact_texts(rows: Fields) -> Texts:
    return {
        "contact_id": text.prefixed_number("c", rows["number"], 7),
        "user_id": text.user_id(rows["user"]),
        "campaign_id": text.to_text(rows["campaign"] + FIRST_CAMPAIGN),
        "campaign_name": text.look_up(NAMES, rows["plan"]),
        "channel": text.look_up(CHANNELS, rows["channel"]),
        "offer": text.look_up(OFFERS, rows["offer"]),
        "contacts": text.to_text(rows["contacts"]),
        "probability": text.to_text(np.round(rows["probability"], PLACES)),
        "group": text.look_up(GROUPS, rows["group"]),
        "assigned_at": text.iso_time(rows["at"]),
        "reported_at": text.iso_time(rows["received_at"]),
    }


def history(world: World, contracts: Contracts) -> Log:
    """Build the history of messages: sent or refused, opened, clicked, unsubscribed. The control group gets none."""
    generator = world.streams.substreams("history").generator
    messages = _sent_messages(world, contracts)
    closes_at = contracts.closes_at[messages.user, messages.channel]
    is_last = (messages.unsubscribed > 0) & (messages.unsubscribed == closes_at)
    events = {
        SEND: np.where(messages.refused, 0, messages.sent),
        REFUSE: np.where(messages.refused, messages.sent, 0),
        OPEN: messages.opened,
        CLICK: messages.clicked,
        UNSUBSCRIBE: np.where(is_last, messages.unsubscribed, 0),
    }
    rows = {action: np.flatnonzero(at) for action, at in events.items()}
    message = np.concatenate(list(rows.values()))
    action = np.repeat(list(rows), [len(event_rows) for event_rows in rows.values()])
    received_at = np.concatenate([at[rows[action]] for action, at in events.items()])
    order = np.argsort(received_at, kind="stable")
    message, action, received_at = message[order], action[order], received_at[order]
    fields: Fields = {
        "user": messages.user[message], "campaign": messages.campaign[message], "channel": messages.channel[message],
        "action": action, "at": received_at,
        "thousandth": generator("thousandth").integers(0, 1000, len(message)),
        "event": ids(generator("event"), len(message)),
        "event_low": ids(generator("event low"), len(message)),
    }  # fmt: skip
    return Log("campaign_history.jsonl", received_at, fields, _history_texts)


def _sent_messages(world: World, contracts: Contracts) -> Messages:
    """Messages by channels that are still open, in the order of time."""
    messages = Messages.concat([world.digests, contracts.messages])
    messages = messages.select_rows(messages.sent < contracts.closes_at[messages.user, messages.channel])
    return messages.select_rows(np.lexsort((messages.user, messages.sent)))


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

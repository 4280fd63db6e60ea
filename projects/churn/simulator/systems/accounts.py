"""Accounts: dated versions of the profile, and the log-ins that link a browser or a device to a person."""

import numpy as np
import pyarrow as pa

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Fields, Ids, Ints
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.events import draw_delays
from projects.churn.simulator.mailing import NEVER
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.people.people import CHANNELS, REGIONS
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.logs import Log, Texts
from projects.churn.simulator.world import World

CHANGES_A_YEAR = 0.3
MAILS = ("mail.example", "post.example", "inbox.example")
LINKS = ("ym_client", "appmetrica_device")
GENDERS = ("female", "male")


def profiles(world: World, contracts: Contracts) -> Log:
    """Draw the versions of the profiles: one at registration, one at each change and one at each unsubscribe."""
    rng, people, end = world.streams.generator("profiles"), world.people, world.window.end
    years = (end - people.registered) / (365 * DAY)
    changes = rng.poisson(CHANGES_A_YEAR * years)
    users = np.concatenate([np.arange(len(people)), np.repeat(np.arange(len(people)), changes)])
    first = np.arange(len(users)) < len(people)
    since = rng.random(len(users)) * (end - people.registered[users])
    at = people.registered[users] + np.where(first, 0, since).astype(np.int64)
    has_moved = ~first & (rng.random(len(users)) < 0.5)
    region = np.where(has_moved, rng.integers(0, len(REGIONS), len(users)), people.region[users])
    has_grown = ~first & (rng.random(len(users)) < 0.4)
    household = np.minimum(people.household[users] + has_grown, 6)
    fields: Fields = {
        "user": users, "at": at, "region": region, "household": household,
        "kids": people.kids[users] | (has_grown & (household > 2)),
    }  # fmt: skip
    fields = _with_unsubscribes(fields, contracts.closes_at)
    users, at = fields["user"], fields["at"]
    received_at = at + draw_delays(world.streams.substreams("profiles known"), len(at))
    is_open = contracts.closes_at[users] > at[:, None]
    fields |= {
        "registered": people.registered[users], "born": people.birth_year[users], "gender": people.gender[users],
        **{channel: is_open[:, number] for number, channel in enumerate(CHANNELS)}, "received_at": received_at,
    }  # fmt: skip
    return Log("profiles.csv.gz", received_at, fields, _profile_texts, "birth_year")


def _with_unsubscribes(versions: Fields, closes_at: Ints) -> Fields:
    """Append a version at each unsubscribe, in the order of time; it repeats the person's latest version."""
    user, channel = np.nonzero((closes_at > 0) & (closes_at < NEVER))
    at = closes_at[user, channel]
    order = np.argsort(at, kind="stable")
    user, at = user[order], at[order]
    rows = np.lexsort((versions["at"], versions["user"]))
    keys = versions["user"][rows] * NEVER + versions["at"][rows]
    latest = rows[np.searchsorted(keys, user * NEVER + at, side="right") - 1]
    added = {name: values[latest] for name, values in versions.items()} | {"at": at}
    return {name: np.concatenate([values, added[name]]) for name, values in versions.items()}


def address(users: Ints) -> pa.Array:
    """The e-mail address of each user, as Arrow strings."""
    return text.join_columns(text.prefixed_number("viewer", users + 1, 7), "@", text.look_up(MAILS, users % len(MAILS)))


def _profile_texts(rows: Fields) -> Texts:
    users = rows["user"]
    return {
        "user_id": text.user_id(users),
        "changed_at": text.iso_time(rows["at"]),
        "registered_at": text.iso_time(rows["registered"]),
        "birth_year": text.blank_where(users % 11 == 0, text.to_text(rows["born"])),
        "gender": text.look_up(GENDERS, np.where(rows["gender"] < len(GENDERS), rows["gender"], -1)),
        "region": text.look_up(REGIONS, rows["region"]),
        "household_size": text.to_text(rows["household"]),
        "has_kids_profile": text.to_text(rows["kids"].astype(np.int64)),
        "email": address(users),
        "phone": text.prefixed_number("+7900", users + 1, 7),
        **{f"accepts_{channel}": text.to_text(rows[channel].astype(np.int64)) for channel in CHANNELS},
        "reported_at": text.iso_time(rows["received_at"]),
    }


def links(world: World, devices: Devices) -> Log:
    """Draw log-ins: the first on each linked browser and device, and repeated ones on some."""
    rng = world.streams.generator("links")
    seen = np.flatnonzero(devices.linked > 0)
    repeated = seen[rng.random(len(seen)) < 0.3]
    rows = np.concatenate([seen, repeated])
    span = np.maximum(1, world.window.end - devices.linked[repeated])
    at = np.concatenate(
        [devices.linked[seen], devices.linked[repeated] + (rng.random(len(repeated)) * span).astype(np.int64)]
    )
    received_at = at + draw_delays(world.streams.substreams("links known"), len(at))
    ids: Ids = devices.id[rows]
    fields: Fields = {
        "kind": np.where(devices.browser[rows], 0, 1), "id": ids, "user": devices.user[rows], "at": at,
        "received_at": received_at,
    }  # fmt: skip
    return Log("identity_links.csv.gz", received_at, fields, _link_texts, "linked_at").until(world.window.end)


def _link_texts(rows: Fields) -> Texts:
    return {
        "kind": text.look_up(LINKS, rows["kind"]),
        "anonymous_id": text.to_text(rows["id"]),
        "user_id": text.user_id(rows["user"]),
        "linked_at": text.iso_time(rows["at"]),
        "reported_at": text.iso_time(rows["received_at"]),
    }

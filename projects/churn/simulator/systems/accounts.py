"""Accounts: dated versions of the profile, and the log-ins that link a browser or a device to a person."""

import numpy as np
import pyarrow as pa

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Fields, Ids, Ints
from projects.churn.simulator.events import draw_delays
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.people.people import REGIONS
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.logs import Log, Texts
from projects.churn.simulator.world import World

CHANGES_A_YEAR = 0.3
MAILS = ("mail.example", "post.example", "inbox.example")
LINKS = ("ym_client", "appmetrica_device")
GENDERS = ("female", "male")


def profiles(world: World) -> Log:
    """Draw the versions of the profiles: one at registration and one at each change."""
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
    received_at = at + draw_delays(world.streams.substreams("profiles known"), len(at))
    fields: Fields = {
        "user": users, "at": at, "registered": people.registered[users], "born": people.birth_year[users],
        "gender": people.gender[users], "region": region, "household": household,
        "kids": people.kids[users] | (has_grown & (household > 2)), "email": people.accepts_email[users],
        "push": people.accepts_push[users], "received_at": received_at,
    }  # fmt: skip
    return Log("profiles.csv.gz", received_at, fields, _profile_texts, "birth_year")


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
        "accepts_email": text.to_text(rows["email"].astype(np.int64)),
        "accepts_push": text.to_text(rows["push"].astype(np.int64)),
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

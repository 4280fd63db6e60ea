"""Accounts: dated versions of the profile, and the log-ins that tie a browser or a device to a person."""

import numpy as np
import pyarrow as pa

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Ids, Ints
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.people.people import REGIONS
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.logs import (
    Fields,
    Log,
    Texts,
    delays,
)
from projects.churn.simulator.world import World

CHANGES_A_YEAR = 0.3
MAILS = ("mail.example", "post.example", "inbox.example")
LINKS = ("ym_client", "appmetrica_device")
GENDERS = ("female", "male")


def profiles(world: World) -> Log:
    """A version at registration, and one at each change."""
    rng, people, end = world.streams.of("profiles"), world.people, world.window.end
    years = (end - people.registered) / (365 * DAY)
    changes = rng.poisson(CHANGES_A_YEAR * years)
    users = np.concatenate([np.arange(len(people)), np.repeat(np.arange(len(people)), changes)])
    first = np.arange(len(users)) < len(people)
    since = rng.random(len(users)) * (end - people.registered[users])
    at = people.registered[users] + np.where(first, 0, since).astype(np.int64)
    moved = ~first & (rng.random(len(users)) < 0.5)
    region = np.where(moved, rng.integers(0, len(REGIONS), len(users)), people.region[users])
    grown = ~first & (rng.random(len(users)) < 0.4)
    household = np.minimum(people.household[users] + grown, 6)
    known = at + delays(world.streams.under("profiles known"), len(at))
    fields: Fields = {
        "user": users, "at": at, "registered": people.registered[users], "born": people.birth_year[users],
        "gender": people.gender[users], "region": region, "household": household,
        "kids": people.kids[users] | (grown & (household > 2)), "email": people.accepts_email[users],
        "push": people.accepts_push[users], "known": known,
    }  # fmt: skip
    return Log("profiles.csv.gz", known, fields, _profile_texts, "birth_year")


def address(users: Ints) -> pa.Array:
    """The e-mail address of each person."""
    return text.joined(text.numbered("viewer", users + 1, 7), "@", text.words(MAILS, users % len(MAILS)))


def _profile_texts(rows: Fields) -> Texts:
    users = rows["user"]
    return {
        "user_id": text.user_id(users),
        "changed_at": text.iso(rows["at"]),
        "registered_at": text.iso(rows["registered"]),
        "birth_year": text.blank_where(users % 11 == 0, text.plain(rows["born"])),
        "gender": text.words(GENDERS, np.where(rows["gender"] < len(GENDERS), rows["gender"], -1)),
        "region": text.words(REGIONS, rows["region"]),
        "household_size": text.plain(rows["household"]),
        "has_kids_profile": text.plain(rows["kids"].astype(np.int64)),
        "email": address(users),
        "phone": text.numbered("+7900", users + 1, 7),
        "accepts_email": text.plain(rows["email"].astype(np.int64)),
        "accepts_push": text.plain(rows["push"].astype(np.int64)),
        "reported_at": text.iso(rows["known"]),
    }


def links(world: World, devices: Devices) -> Log:
    """Log-ins: the first on each browser and device that ever saw one, and later ones on some."""
    rng = world.streams.of("links")
    seen = np.flatnonzero(devices.linked > 0)
    again = seen[rng.random(len(seen)) < 0.3]
    rows = np.concatenate([seen, again])
    span = np.maximum(1, world.window.end - devices.linked[again])
    at = np.concatenate(
        [devices.linked[seen], devices.linked[again] + (rng.random(len(again)) * span).astype(np.int64)]
    )
    known = at + delays(world.streams.under("links known"), len(at))
    ids: Ids = devices.id[rows]
    fields: Fields = {
        "kind": np.where(devices.browser[rows], 0, 1), "id": ids, "user": devices.user[rows], "at": at, "known": known,
    }  # fmt: skip
    return Log("identity_links.csv.gz", known, fields, _link_texts, "linked_at").until(world.window.end)


def _link_texts(rows: Fields) -> Texts:
    return {
        "kind": text.words(LINKS, rows["kind"]),
        "anonymous_id": text.plain(rows["id"]),
        "user_id": text.user_id(rows["user"]),
        "linked_at": text.iso(rows["at"]),
        "reported_at": text.iso(rows["known"]),
    }

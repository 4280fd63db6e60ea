"""Sessions and events of the apps, as AppMetrica exports them."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.behaviour.interest import CANCEL, TARIFFS, Looks
from projects.churn.simulator.behaviour.viewing import weekly
from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Columns, Floats, Ids, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.people.devices import (
    PHONE,
    TABLET,
    TV,
    Devices,
    owners,
)
from projects.churn.simulator.streams import Streams, choose, ids
from projects.churn.simulator.systems.logs import before
from projects.churn.simulator.world import World

EVENTS = ("search", "title_open", "title_card_open", "paywall_view", "cancel_view", "push_open", "kids_mode")
SEARCH, TITLE_OPEN, TITLE_CARD_OPEN, PAYWALL, CANCEL_VIEW, PUSH_OPEN, KIDS_MODE = range(len(EVENTS))
#: sessions a week at engagement 0, and of those without access.
RATE, SLOPE = 0.95, 0.55
IDLE = 0.04
#: events of a session beside those it was made for.
EVENTS_A_SESSION = 1.1
ON_APP = 0.5
#: sessions that come without the profile although the person has logged in before.
ANONYMOUS = 0.05


@dataclass(frozen=True)
class Sessions(Columns):
    """One row a session of a device; `profile` is the person if the app says who it is, else -1."""

    device: Ints
    at: Ints
    id: Ids
    profile: Ints
    city: Ints
    connection: Ints


@dataclass(frozen=True)
class AppEvents(Columns):
    """One row an event; `session` is the row of its session, `event` the number of its name."""

    session: Ints
    at: Ints
    event: Ints
    detail: Ints


def make_app(world: World, access: Access, devices: Devices, looks: Looks) -> tuple[Sessions, AppEvents]:
    """All sessions in the order of time, with their events."""
    streams = world.streams.under("app")
    of = streams.of
    usual = weekly(streams, world, access, np.full(len(world.people), RATE), SLOPE)
    idle, idle_at = _idle(of("idle"), world)
    seen = looks.take((of("looks").random(len(looks)) < ON_APP) & ((looks.page == TARIFFS) | (looks.page == CANCEL)))
    user = np.concatenate([usual.user, idle, seen.user])
    at = np.concatenate([usual.at, idle_at, seen.at - 30])
    purpose = np.concatenate(
        [np.full(len(usual.user) + len(idle), -1), np.where(seen.page == CANCEL, CANCEL_VIEW, PAYWALL)]
    )
    order = before(at, world.window.end)
    user, at, purpose = user[order], at[order], purpose[order]
    device = owners(devices, (PHONE, TABLET, TV), len(world.people)).draw(user, of("device").random(len(user)))
    kept = np.flatnonzero((device >= 0) & (at >= world.window.start))
    sessions = _sessions(streams, world, devices, device[kept], user[kept], at[kept])
    return sessions, _events(streams, world, user[kept], sessions, purpose[kept])


def _idle(rng: np.random.Generator, world: World) -> tuple[Ints, Ints]:
    """The app is opened without access too, before signing up and after leaving."""
    people, window = world.people, world.window
    since = np.maximum(people.signed_up - 3 * DAY, window.start)
    user = np.repeat(np.arange(len(people)), rng.poisson(IDLE * (window.end - since) / (7 * DAY)))
    return user, since[user] + (rng.random(len(user)) * (window.end - since[user])).astype(np.int64)


def _sessions(streams: Streams, world: World, devices: Devices, device: Ints, user: Ints, at: Ints) -> Sessions:
    known = (devices.linked[device] > 0) & (devices.linked[device] <= at)
    named = known & (streams.of("anonymous").random(len(device)) >= ANONYMOUS)
    return Sessions(
        device=device,
        at=at,
        id=ids(streams.of("ids"), len(device)),
        profile=np.where(named, user, -1),
        city=world.people.region[user],
        connection=choose(streams.of("connection"), [0.7, 0.3], len(device)),
    )


def _events(streams: Streams, world: World, user: Ints, sessions: Sessions, purpose: Ints) -> AppEvents:
    of = streams.of
    mood = world.moods.engagement_at(user, sessions.at)
    rate: Floats = EVENTS_A_SESSION * np.exp(0.25 * np.clip(mood, -3.0, 3.0))
    rows = np.repeat(np.arange(len(user)), of("events").poisson(rate))
    event = np.array([SEARCH, TITLE_OPEN, PAYWALL, PUSH_OPEN])[choose(of("names"), [0.27, 0.63, 0.04, 0.06], len(rows))]
    child = world.people.kids[user[rows]] & (of("child").random(len(rows)) < 0.1)
    event = np.where(child, KIDS_MODE, event)
    made = np.flatnonzero(purpose >= 0)
    session = np.concatenate([rows, made])
    after = np.concatenate([of("after").integers(2, 1500, len(rows)), np.full(len(made), 25)])
    order = np.argsort(session, kind="stable")
    return AppEvents(
        session=session[order],
        at=(sessions.at[session] + after)[order],
        event=np.concatenate([event, purpose[made]])[order],
        detail=of("details").integers(0, 1 << 40, len(session)),
    )

"""Sessions and events in the apps."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.behaviour.activity import draw_weekly_activity
from projects.churn.simulator.behaviour.churn_signals import CANCEL, TARIFFS, ChurnSignals
from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Columns, Floats, Ids, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.events import sort_before
from projects.churn.simulator.people.devices import (
    PHONE,
    TABLET,
    TV,
    Devices,
    index_owners,
)
from projects.churn.simulator.streams import Streams, choose, ids
from projects.churn.simulator.world import World

EVENTS = ("search", "title_open", "title_card_open", "paywall_view", "cancel_view", "push_open", "kids_mode")
SEARCH, TITLE_OPEN, TITLE_CARD_OPEN, PAYWALL, CANCEL_VIEW, PUSH_OPEN, KIDS_MODE = range(len(EVENTS))
#: sessions a week at engagement 0, the change of their logarithm per unit of engagement, and sessions without access.
WEEKLY_RATE, ENGAGEMENT_SLOPE = 0.95, 0.55
IDLE_RATE = 0.04
#: mean number of events per session, besides the event that caused the session.
EVENTS_A_SESSION = 1.1
#: share of the signals of leaving that are seen in an app.
ON_APP = 0.5
#: share of sessions without the profile although the person has logged in before.
ANONYMOUS = 0.05


@dataclass(frozen=True)
class Sessions(Columns):
    """One row per session; `profile` is the person if the app reports the login, else -1."""

    device: Ints
    at: Ints
    id: Ids
    profile: Ints
    city: Ints
    connection: Ints


@dataclass(frozen=True)
class AppEvents(Columns):
    """One row per event; `session` is the row of its session, `event` a position in `EVENTS`."""

    session: Ints
    at: Ints
    event: Ints
    detail: Ints


def make_app(world: World, access: Access, devices: Devices, signals: ChurnSignals) -> tuple[Sessions, AppEvents]:
    """Draw all sessions in the order of time, and their events."""
    streams = world.streams.substreams("app")
    generator = streams.generator
    usual = draw_weekly_activity(streams, world, access, np.full(len(world.people), WEEKLY_RATE), ENGAGEMENT_SLOPE)
    idle, idle_at = _draw_idle(generator("idle"), world)
    seen = signals.select_rows(
        (generator("looks").random(len(signals)) < ON_APP) & ((signals.page == TARIFFS) | (signals.page == CANCEL))
    )
    user = np.concatenate([usual.user, idle, seen.user])
    at = np.concatenate([usual.at, idle_at, seen.at - 30])
    purpose = np.concatenate(
        [np.full(len(usual.user) + len(idle), -1), np.where(seen.page == CANCEL, CANCEL_VIEW, PAYWALL)]
    )
    order = sort_before(at, world.window.end)
    user, at, purpose = user[order], at[order], purpose[order]
    device = index_owners(devices, (PHONE, TABLET, TV), len(world.people)).draw(
        user, generator("device").random(len(user))
    )
    rows = np.flatnonzero((device >= 0) & (at >= world.window.start))
    sessions = _sessions(streams, world, devices, device[rows], user[rows], at[rows])
    return sessions, _events(streams, world, user[rows], sessions, purpose[rows])


def _draw_idle(rng: np.random.Generator, world: World) -> tuple[Ints, Ints]:
    """Draw sessions without regard to access: people also open the app before signing up and after leaving."""
    people, window = world.people, world.window
    since = np.maximum(people.signed_up - 3 * DAY, window.start)
    user = np.repeat(np.arange(len(people)), rng.poisson(IDLE_RATE * (window.end - since) / (7 * DAY)))
    return user, since[user] + (rng.random(len(user)) * (window.end - since[user])).astype(np.int64)


def _sessions(streams: Streams, world: World, devices: Devices, device: Ints, user: Ints, at: Ints) -> Sessions:
    received_at = (devices.linked[device] > 0) & (devices.linked[device] <= at)
    is_named = received_at & (streams.generator("anonymous").random(len(device)) >= ANONYMOUS)
    return Sessions(
        device=device,
        at=at,
        id=ids(streams.generator("ids"), len(device)),
        profile=np.where(is_named, user, -1),
        city=world.people.region[user],
        connection=choose(streams.generator("connection"), [0.7, 0.3], len(device)),
    )


def _events(streams: Streams, world: World, user: Ints, sessions: Sessions, purpose: Ints) -> AppEvents:
    generator = streams.generator
    engagement = world.latent_states.engagement_at(user, sessions.at)
    rate: Floats = EVENTS_A_SESSION * np.exp(0.25 * np.clip(engagement, -3.0, 3.0))
    ordinary = np.repeat(np.arange(len(user)), generator("events").poisson(rate))
    event = np.array([SEARCH, TITLE_OPEN, PAYWALL, PUSH_OPEN])[
        choose(generator("names"), [0.27, 0.63, 0.04, 0.06], len(ordinary))
    ]
    child = world.people.kids[user[ordinary]] & (generator("child").random(len(ordinary)) < 0.1)
    event = np.where(child, KIDS_MODE, event)
    purposeful = np.flatnonzero(purpose >= 0)
    session = np.concatenate([ordinary, purposeful])
    after = np.concatenate([generator("after").integers(2, 1500, len(ordinary)), np.full(len(purposeful), 25)])
    order = np.argsort(session, kind="stable")
    return AppEvents(
        session=session[order],
        at=(sessions.at[session] + after)[order],
        event=np.concatenate([event, purpose[purposeful]])[order],
        detail=generator("details").integers(0, 1 << 40, len(session)),
    )

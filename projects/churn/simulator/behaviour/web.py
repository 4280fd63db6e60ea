"""Visits to the site and their hits, as Metrica counts them."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.behaviour.interest import (
    CANCEL,
    HELP,
    TARIFFS,
    Looks,
)
from projects.churn.simulator.behaviour.viewing import weekly
from projects.churn.simulator.calendar import DAY, HOUR
from projects.churn.simulator.columns import Columns, Flags, Floats, Ids, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.terms import PAID
from projects.churn.simulator.people.devices import BROWSER, Devices, owners
from projects.churn.simulator.streams import Streams, ids
from projects.churn.simulator.systems.logs import before
from projects.churn.simulator.world import World

PAGES = ("/", "/watch/", "/search?q=", "/tariffs", "/account", "/account/cancel", "/help/payment")
HOME, WATCH, SEARCH, TARIFF_PAGE, ACCOUNT, CANCEL_PAGE, HELP_PAGE = range(len(PAGES))
ORDINARY = np.array([0.34, 0.38, 0.16, 0.05, 0.05, 0.0, 0.02])
PURPOSE = {TARIFFS: TARIFF_PAGE, HELP: HELP_PAGE, CANCEL: CANCEL_PAGE}
#: visits a week of a subscriber at engagement 0, and of somebody without access.
RATE, SLOPE = 0.22, 0.5
IDLE = 0.025
#: visits of a stranger.
STRANGER = 2.0
MORE_HITS = 1.6
#: looks that are made on the site by those who have a browser.
ON_SITE = 0.6
GROWING = 0.03


@dataclass(frozen=True)
class Visits(Columns):
    """One row a visit; `purpose` is a page it was made for, -1 without; `bought` the months of a plan, 0 without."""

    device: Ints
    at: Ints
    purpose: Ints
    bought: Ints
    id: Ids
    hits: Ints
    seconds: Ints
    growing: Flags
    source: Ints
    fresh: Flags


@dataclass(frozen=True)
class Hits(Columns):
    """One row a page, grouped by visit and in order of time; `detail` is what was watched or searched."""

    visit: Ints
    at: Ints
    page: Ints
    id: Ids
    detail: Ints


def make_visits(world: World, contracts: Contracts, access: Access, devices: Devices, looks: Looks) -> Visits:
    """All visits in the order of time."""
    streams = world.streams.under("web")
    of = streams.of
    browsers = owners(devices, (BROWSER,), len(world.people))
    usual = weekly(streams, world, access, np.full(len(world.people), RATE), SLOPE)
    user, at = [usual.user], [usual.at]
    purpose, bought = [np.full(len(usual.user), -1)], [np.zeros(len(usual.user), dtype=np.int64)]
    for more in (_idle(of("idle"), world), _looking(of("looks"), looks), _buying(of("buying"), world, contracts)):
        for into, one in zip((user, at, purpose, bought), more, strict=True):
            into.append(one)
    users = np.concatenate(user)
    moment = np.concatenate(at)
    order = before(moment, world.window.end)
    device = browsers.draw(users[order], of("device").random(len(order)))
    stranger, stranger_at = _strangers(of("strangers"), world, devices)
    device = np.concatenate([device, stranger])
    moment = np.concatenate([moment[order], stranger_at])
    reason = np.where(of("strangers' reasons").random(len(stranger)) < 0.15, TARIFF_PAGE, -1)
    plan = np.concatenate([np.concatenate(bought)[order], np.zeros(len(stranger), dtype=np.int64)])
    return _visits(streams, world, device, moment, np.concatenate([np.concatenate(purpose)[order], reason]), plan)


def _visits(streams: Streams, world: World, device: Ints, at: Ints, purpose: Ints, bought: Ints) -> Visits:
    kept = np.flatnonzero((device >= 0) & (at >= world.window.start) & (at < world.window.end))
    kept = kept[np.argsort(at[kept], kind="stable")]
    count, of = len(kept), streams.of
    hits = 1 + of("hits").poisson(MORE_HITS, count) + (purpose[kept] >= 0)
    lasted = (hits * of("seconds").gamma(1.2, 60.0, count)).astype(np.int64) + 20
    seconds = np.where(hits > 1, lasted, of("bounce").integers(0, 40, count))
    first = np.zeros(count, dtype=np.bool_)
    first[np.unique(device[kept], return_index=True)[1]] = True
    return Visits(
        device=device[kept], at=at[kept], purpose=purpose[kept], bought=bought[kept], id=ids(of("ids"), count),
        hits=hits, seconds=seconds, growing=(hits > 1) & (of("growing").random(count) < GROWING),
        source=of("source").integers(0, 5, count), fresh=first,
    )  # fmt: skip


def _idle(rng: np.random.Generator, world: World) -> tuple[Ints, Ints, Ints, Ints]:
    """Those who signed up once come by now and then, subscribed or not; some come before signing up."""
    people, window = world.people, world.window
    since = np.maximum(people.signed_up - 6 * DAY, window.start)
    weeks = (window.end - since) / (7 * DAY)
    user = np.repeat(np.arange(len(people)), rng.poisson(IDLE * weeks))
    at = since[user] + (rng.random(len(user)) * (window.end - since[user])).astype(np.int64)
    day, hour = at // DAY * DAY, 8 + 15.9 * rng.random(len(user)) ** 0.6
    nothing = np.zeros(len(user), dtype=np.int64)
    return user, day + (hour * HOUR).astype(np.int64), nothing - 1, nothing


def _looking(rng: np.random.Generator, looks: Looks) -> tuple[Ints, Ints, Ints, Ints]:
    """Visits made to look at tariffs, help or cancelling."""
    seen = looks.take((rng.random(len(looks)) < ON_SITE) | (looks.page == HELP))
    page = np.array([PURPOSE[TARIFFS], PURPOSE[HELP], PURPOSE[CANCEL]])[seen.page]
    return seen.user, seen.at, page, np.zeros(len(seen), dtype=np.int64)


def _buying(rng: np.random.Generator, world: World, contracts: Contracts) -> tuple[Ints, Ints, Ints, Ints]:
    """Visits that end with a first purchase."""
    terms = contracts.terms
    rows = np.flatnonzero((terms.kind == PAID) & (terms.number == 1) & (rng.random(len(terms)) < 0.6))
    return terms.user[rows], terms.start[rows] - 30, np.full(len(rows), TARIFF_PAGE), terms.months[rows]


def _strangers(rng: np.random.Generator, world: World, devices: Devices) -> tuple[Ints, Ints]:
    """Visits of people who never sign up: a few within some weeks."""
    rows = np.flatnonzero(devices.user < 0)
    first = rng.integers(world.window.start, world.window.end, len(rows))
    device = np.repeat(np.arange(len(rows)), 1 + rng.poisson(STRANGER - 1, len(rows)))
    at = first[device] + (rng.exponential(12.0, len(device)) * DAY).astype(np.int64)
    return rows[device], at


def make_hits(world: World, visits: Visits) -> Hits:
    """The pages of each visit: the first where it landed, the last but one what it was made for."""
    of = world.streams.under("hits").of
    visit = np.repeat(np.arange(len(visits)), visits.hits)
    turn = np.arange(len(visit)) - np.repeat(np.cumsum(visits.hits) - visits.hits, visits.hits)
    last = turn == visits.hits[visit] - 1
    edges: Floats = np.cumsum(ORDINARY) / ORDINARY.sum()
    page = np.searchsorted(edges, of("page").random(len(visit)))
    page = np.where(last & (visits.purpose[visit] >= 0), visits.purpose[visit], page)
    share = np.where(visits.hits[visit] > 1, turn / np.maximum(1, visits.hits[visit] - 1), 0.0)
    return Hits(
        visit=visit,
        at=visits.at[visit] + (share * visits.seconds[visit]).astype(np.int64),
        page=page,
        id=ids(of("ids"), len(visit)),
        detail=of("details").integers(0, len(world.titles), len(visit)),
    )

"""Visits to the site and their page views (hits)."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.behaviour.activity import draw_weekly_activity
from projects.churn.simulator.behaviour.churn_signals import (
    CANCEL,
    HELP,
    TARIFFS,
    ChurnSignals,
)
from projects.churn.simulator.calendar import DAY, HOUR
from projects.churn.simulator.columns import Columns, Flags, Floats, Ids, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.periods import PAID
from projects.churn.simulator.events import sort_before
from projects.churn.simulator.people.devices import BROWSER, Devices, index_owners
from projects.churn.simulator.streams import Streams, ids
from projects.churn.simulator.world import World

PAGES = ("/", "/watch/", "/search?q=", "/tariffs", "/account", "/account/cancel", "/help/payment")
HOME, WATCH, SEARCH, TARIFF_PAGE, ACCOUNT, CANCEL_PAGE, HELP_PAGE = range(len(PAGES))
ORDINARY = np.array([0.34, 0.38, 0.16, 0.05, 0.05, 0.0, 0.02])
PURPOSE = {TARIFFS: TARIFF_PAGE, HELP: HELP_PAGE, CANCEL: CANCEL_PAGE}
#: visits a week at engagement 0, the change of their logarithm per unit of engagement, and visits without access.
WEEKLY_RATE, ENGAGEMENT_SLOPE = 0.22, 0.5
IDLE_RATE = 0.025
#: mean number of visits of a visitor who never signs up.
STRANGER_VISITS = 2.0
#: mean number of hits per visit beyond the first.
MORE_HITS = 1.6
#: share of the signals of leaving that are seen on the site.
ON_SITE = 0.6
#: share of visits that still grow after their first export.
GROWING = 0.03


@dataclass(frozen=True)
class Visits(Columns):
    """One row per visit; `purpose` is the page that caused it or -1, `bought` the months of a bought plan or 0."""

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
    """One row per page view, by visit and time; `detail` picks the watched title or the search query."""

    visit: Ints
    at: Ints
    page: Ints
    id: Ids
    detail: Ints


def make_visits(world: World, contracts: Contracts, access: Access, devices: Devices, signals: ChurnSignals) -> Visits:
    """Draw all visits in the order of time."""
    streams = world.streams.substreams("web")
    generator = streams.generator
    browsers = index_owners(devices, (BROWSER,), len(world.people))
    usual = draw_weekly_activity(streams, world, access, np.full(len(world.people), WEEKLY_RATE), ENGAGEMENT_SLOPE)
    user, at = [usual.user], [usual.at]
    purpose, bought = [np.full(len(usual.user), -1)], [np.zeros(len(usual.user), dtype=np.int64)]
    for more in (
        _draw_idle(generator("idle"), world),
        _signal_visits(generator("looks"), signals),
        _purchase_visits(generator("buying"), world, contracts),
    ):
        for into, values in zip((user, at, purpose, bought), more, strict=True):
            into.append(values)
    users = np.concatenate(user)
    moment = np.concatenate(at)
    order = sort_before(moment, world.window.end)
    device = browsers.draw(users[order], generator("device").random(len(order)))
    stranger, stranger_at = _stranger_visits(generator("strangers"), world, devices)
    device = np.concatenate([device, stranger])
    moment = np.concatenate([moment[order], stranger_at])
    reason = np.where(generator("strangers' reasons").random(len(stranger)) < 0.15, TARIFF_PAGE, -1)
    plan = np.concatenate([np.concatenate(bought)[order], np.zeros(len(stranger), dtype=np.int64)])
    return _visits(streams, world, device, moment, np.concatenate([np.concatenate(purpose)[order], reason]), plan)


def _visits(streams: Streams, world: World, device: Ints, at: Ints, purpose: Ints, bought: Ints) -> Visits:
    rows = np.flatnonzero((device >= 0) & (at >= world.window.start) & (at < world.window.end))
    rows = rows[np.argsort(at[rows], kind="stable")]
    count, generator = len(rows), streams.generator
    hits = 1 + generator("hits").poisson(MORE_HITS, count) + (purpose[rows] >= 0)
    lasted = (hits * generator("seconds").gamma(1.2, 60.0, count)).astype(np.int64) + 20
    seconds = np.where(hits > 1, lasted, generator("bounce").integers(0, 40, count))
    first = np.zeros(count, dtype=np.bool_)
    first[np.unique(device[rows], return_index=True)[1]] = True
    return Visits(
        device=device[rows], at=at[rows], purpose=purpose[rows], bought=bought[rows], id=ids(generator("ids"), count),
        hits=hits, seconds=seconds, growing=(hits > 1) & (generator("growing").random(count) < GROWING),
        source=generator("source").integers(0, 5, count), fresh=first,
    )  # fmt: skip


def _draw_idle(rng: np.random.Generator, world: World) -> tuple[Ints, Ints, Ints, Ints]:
    """Draw occasional visits of people who ever sign up, whether subscribed or not."""
    people, window = world.people, world.window
    since = np.maximum(people.signed_up - 6 * DAY, window.start)
    weeks = (window.end - since) / (7 * DAY)
    user = np.repeat(np.arange(len(people)), rng.poisson(IDLE_RATE * weeks))
    at = since[user] + (rng.random(len(user)) * (window.end - since[user])).astype(np.int64)
    day, hour = at // DAY * DAY, 8 + 15.9 * rng.random(len(user)) ** 0.6
    nothing = np.zeros(len(user), dtype=np.int64)
    return user, day + (hour * HOUR).astype(np.int64), nothing - 1, nothing


def _signal_visits(rng: np.random.Generator, signals: ChurnSignals) -> tuple[Ints, Ints, Ints, Ints]:
    """Draw the visits that contain the signals of leaving."""
    seen = signals.select_rows((rng.random(len(signals)) < ON_SITE) | (signals.page == HELP))
    page = np.array([PURPOSE[TARIFFS], PURPOSE[HELP], PURPOSE[CANCEL]])[seen.page]
    return seen.user, seen.at, page, np.zeros(len(seen), dtype=np.int64)


def _purchase_visits(rng: np.random.Generator, world: World, contracts: Contracts) -> tuple[Ints, Ints, Ints, Ints]:
    """Draw the visits that end with the first purchase of a subscription."""
    periods = contracts.periods
    rows = np.flatnonzero((periods.kind == PAID) & (periods.number == 1) & (rng.random(len(periods)) < 0.6))
    return periods.user[rows], periods.start[rows] - 30, np.full(len(rows), TARIFF_PAGE), periods.months[rows]


def _stranger_visits(rng: np.random.Generator, world: World, devices: Devices) -> tuple[Ints, Ints]:
    """Draw the visits of people who never sign up: a few within some weeks."""
    rows = np.flatnonzero(devices.user < 0)
    first = rng.integers(world.window.start, world.window.end, len(rows))
    device = np.repeat(np.arange(len(rows)), 1 + rng.poisson(STRANGER_VISITS - 1, len(rows)))
    at = first[device] + (rng.exponential(12.0, len(device)) * DAY).astype(np.int64)
    return rows[device], at


def make_hits(world: World, visits: Visits) -> Hits:
    """Draw the pages of each visit; the last page is the one that caused the visit."""
    generator = world.streams.substreams("hits").generator
    visit = np.repeat(np.arange(len(visits)), visits.hits)
    turn = np.arange(len(visit)) - np.repeat(np.cumsum(visits.hits) - visits.hits, visits.hits)
    last = turn == visits.hits[visit] - 1
    edges: Floats = np.cumsum(ORDINARY) / ORDINARY.sum()
    page = np.searchsorted(edges, generator("page").random(len(visit)))
    page = np.where(last & (visits.purpose[visit] >= 0), visits.purpose[visit], page)
    share = np.where(visits.hits[visit] > 1, turn / np.maximum(1, visits.hits[visit] - 1), 0.0)
    return Hits(
        visit=visit,
        at=visits.at[visit] + (share * visits.seconds[visit]).astype(np.int64),
        page=page,
        id=ids(generator("ids"), len(visit)),
        detail=generator("details").integers(0, len(world.titles), len(visit)),
    )

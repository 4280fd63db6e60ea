"""The player's log: evenings in front of the screen, several plays each."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR, WEEK, WEEKDAYS, season
from projects.churn.simulator.columns import Flags, Floats, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.people.devices import (
    PHONE,
    TABLET,
    TV,
    Devices,
    owners,
)
from projects.churn.simulator.streams import Streams, ids
from projects.churn.simulator.systems.logs import Fields, before, delays
from projects.churn.simulator.world import World

#: evenings a week at engagement 0, how engagement moves them, and what a week can hold.
EVENINGS = 1.05
SLOPE = 1.1
FULL_WEEK = 6.0
#: plays of an evening beyond the first.
MORE_PLAYS = 0.75
FAILED = 0.02
#: seconds between two plays of an evening.
BREAK = 60
#: how much a running series that somebody follows raises the evenings, and how often it is what they watch.
RELEASE = 1.3
FOLLOWED = 0.45
#: days after a finale in which its episodes are still caught up with.
CATCH_UP = 10 * DAY
#: share of plays on the child's profile where there is one.
KIDS = 0.3


@dataclass(frozen=True)
class Outings:
    """Users and moments of something that people do."""

    user: Ints
    at: Ints


def weekly(streams: Streams, world: World, access: Access, rate: Floats, slope: float) -> Outings:
    """Poisson moments with access: `rate` (people,) a week at engagement 0, moved by engagement and season.

    They are drawn for everybody who has signed up, and those without access left out: so nobody's shift another's.
    """
    rng, users, moments = streams.of("weekly"), [], []
    first = world.window.start // WEEK * WEEK - 3 * DAY
    for week in range(first, world.window.end, WEEK):
        here = np.flatnonzero(world.people.signed_up < week + WEEK)
        middle = np.full(len(here), week + WEEK // 2)
        mood = world.moods.engagement_at(here, middle)
        expected = rate[here] * np.exp(slope * mood) * season(middle) * _release(world, here, week)
        count = rng.poisson(FULL_WEEK * (1 - np.exp(-expected / FULL_WEEK)))
        users.append(np.repeat(here, count))
        moments.append(week + _in_week(rng, int(count.sum())))
    user, at = np.concatenate(users), np.concatenate(moments)
    order = before(at, world.window.end)
    user, at = user[order], at[order]
    inside = (at >= world.window.start) & (access.covering(user, at) >= 0)
    return Outings(user[inside], at[inside])


def _release(world: World, users: Ints, week: int) -> Floats:
    followers = world.followers
    running = (followers.released < week + WEEK) & (followers.finale > week)
    return np.where(followers.follows[users][:, running].any(axis=1), RELEASE, 1.0)


def _in_week(rng: np.random.Generator, count: int) -> Ints:
    """Seconds since Monday 00:00: more at weekends and in the evening."""
    day = np.searchsorted(np.cumsum(WEEKDAYS) / WEEKDAYS.sum(), rng.random(count))
    hour = 8 + 15.9 * rng.random(count) ** 0.55
    return np.minimum(day, 6) * DAY + (hour * HOUR).astype(np.int64)


def make_viewing(world: World, access: Access, devices: Devices) -> Fields:
    """Columns of the player's log, one row a play, in the order of evenings."""
    streams, titles = world.streams.under("viewing"), world.titles
    of = streams.of
    evenings = weekly(streams, world, access, np.full(len(world.people), EVENINGS), SLOPE)
    plays = 1 + of("plays").poisson(MORE_PLAYS, len(evenings.user))
    user, begun = np.repeat(evenings.user, plays), np.repeat(evenings.at, plays)
    first = np.cumsum(plays) - plays
    child = world.people.kids[user] & np.repeat(of("child").random(len(plays)) < KIDS, plays)
    title = _titles(streams, world, user, begun, child)
    length = titles.minutes[title] * 60
    part = np.minimum(1.0, of("part").beta(2.2, 0.9, len(user)) * 1.02)
    failed = of("failed").random(len(user)) < FAILED
    watched = np.where(failed, 0, (length * part).astype(np.int64))
    device = np.repeat(
        owners(devices, (PHONE, TABLET, TV), len(world.people)).draw(evenings.user, of("device").random(len(plays))),
        plays,
    )
    spent = np.cumsum(watched + BREAK)
    before = (spent - watched - BREAK)[first]
    at = begun + spent - np.repeat(before, plays)
    profile = np.where(
        child, 2, np.repeat(of("profile").random(len(plays)) < 0.25, plays) * (world.people.household[user] > 1)
    )
    series = titles.series[title]
    episode = 1 + np.minimum(
        titles.episodes[title] - 1, (of("episode").random(len(user)) * titles.episodes[title]).astype(np.int64)
    )
    return {
        "id": ids(of("ids"), len(user)), "evening": begun, "at": at, "known": at + delays(streams, len(at)),
        "user": user, "profile": profile, "device": device, "failed": failed, "title": title,
        "season": series.astype(np.int64), "episode": np.where(series, episode, 0), "watched": watched,
        "length": length,
    }  # fmt: skip


def _titles(streams: Streams, world: World, user: Ints, at: Ints, child: Flags) -> Ints:
    """What is watched: the series somebody follows while it runs, else something released by then."""
    titles, taste = world.titles, streams.of("title").random(len(user))
    chosen = np.zeros(len(user), dtype=np.int64)
    for wanted, rows in ((True, np.flatnonzero(child)), (False, np.flatnonzero(~child))):
        weight = np.cumsum(np.where(titles.kids == wanted, titles.weight, 0.0))
        released = np.searchsorted(titles.released, at[rows], side="right") - 1
        chosen[rows] = np.searchsorted(weight, taste[rows] * weight[np.maximum(released, 0)], side="right")
    followers = world.followers
    eager = (streams.of("followed").random(len(user)) < FOLLOWED) & ~child
    for series, row in enumerate(followers.rows):
        runs = (at >= followers.released[series]) & (at < followers.finale[series] + CATCH_UP)
        candidates = np.flatnonzero(runs & eager)
        mine = candidates[followers.follows[user[candidates], series]]
        chosen[mine] = row
    return chosen

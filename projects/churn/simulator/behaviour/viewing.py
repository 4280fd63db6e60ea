"""Viewing: evenings with one or more plays."""

import numpy as np

from projects.churn.simulator.behaviour.activity import draw_weekly_activity
from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Fields, Flags, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.events import draw_delays
from projects.churn.simulator.people.devices import (
    PHONE,
    TABLET,
    TV,
    Devices,
    index_owners,
)
from projects.churn.simulator.streams import Streams, ids
from projects.churn.simulator.world import World

#: evenings with viewing a week at engagement 0, and the change of their logarithm per unit of engagement.
WEEKLY_EVENINGS = 1.05
ENGAGEMENT_SLOPE = 1.1
#: mean number of plays per evening beyond the first.
MORE_PLAYS = 0.75
#: share of plays that fail.
FAILED_SHARE = 0.02
#: seconds between two plays of an evening.
BREAK_SECONDS = 60
#: share of a follower's plays that go to a followed series while it runs.
FOLLOWED_SHARE = 0.45
#: time after a finale in which followers still watch the series.
CATCH_UP = 10 * DAY
#: share of plays on the child's profile in households with children.
KIDS_SHARE = 0.3


def make_viewing(world: World, access: Access, devices: Devices) -> Fields:
    """Draw the columns of the player's log: one row per play, in the order of evenings."""
    streams, titles = world.streams.substreams("viewing"), world.titles
    generator = streams.generator
    evenings = draw_weekly_activity(
        streams, world, access, np.full(len(world.people), WEEKLY_EVENINGS), ENGAGEMENT_SLOPE
    )
    plays = 1 + generator("plays").poisson(MORE_PLAYS, len(evenings.user))
    user, begun = np.repeat(evenings.user, plays), np.repeat(evenings.at, plays)
    first = np.cumsum(plays) - plays
    child = world.people.kids[user] & np.repeat(generator("child").random(len(plays)) < KIDS_SHARE, plays)
    title = _titles(streams, world, user, begun, child)
    length = titles.minutes[title] * 60
    part = np.minimum(1.0, generator("part").beta(2.2, 0.9, len(user)) * 1.02)
    failed = generator("failed").random(len(user)) < FAILED_SHARE
    watched = np.where(failed, 0, (length * part).astype(np.int64))
    device = np.repeat(
        index_owners(devices, (PHONE, TABLET, TV), len(world.people)).draw(
            evenings.user, generator("device").random(len(plays))
        ),
        plays,
    )
    spent = np.cumsum(watched + BREAK_SECONDS)
    before = (spent - watched - BREAK_SECONDS)[first]
    at = begun + spent - np.repeat(before, plays)
    profile = np.where(
        child, 2, np.repeat(generator("profile").random(len(plays)) < 0.25, plays) * (world.people.household[user] > 1)
    )
    series = titles.series[title]
    episode = 1 + np.minimum(
        titles.episodes[title] - 1, (generator("episode").random(len(user)) * titles.episodes[title]).astype(np.int64)
    )
    return {
        "id": ids(generator("ids"), len(user)), "evening": begun, "at": at,
        "received_at": at + draw_delays(streams, len(at)), "user": user, "profile": profile, "device": device,
        "failed": failed, "title": title,
        "season": series.astype(np.int64), "episode": np.where(series, episode, 0), "watched": watched,
        "length": length,
    }  # fmt: skip


def _titles(streams: Streams, world: World, user: Ints, at: Ints, child: Flags) -> Ints:
    """Draw the title of each play: a followed series while it runs, else a released title by popularity."""
    titles, taste = world.titles, streams.generator("title").random(len(user))
    chosen = np.zeros(len(user), dtype=np.int64)
    for wanted, rows in ((True, np.flatnonzero(child)), (False, np.flatnonzero(~child))):
        weight = np.cumsum(np.where(titles.kids == wanted, titles.weight, 0.0))
        released = np.searchsorted(titles.released, at[rows], side="right") - 1
        chosen[rows] = np.searchsorted(weight, taste[rows] * weight[np.maximum(released, 0)], side="right")
    followers = world.followers
    eager = (streams.generator("followed").random(len(user)) < FOLLOWED_SHARE) & ~child
    for series, row in enumerate(followers.rows):
        runs = (at >= followers.released[series]) & (at < followers.finale[series] + CATCH_UP)
        candidates = np.flatnonzero(runs & eager)
        mine = candidates[followers.follows[user[candidates], series]]
        chosen[mine] = row
    return chosen

"""Moments of activity: how often people watch, visit the site or open the apps in each week."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR, WEEK, WEEKDAY_FACTORS, season_factor
from projects.churn.simulator.columns import Floats, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.events import sort_before
from projects.churn.simulator.streams import Streams
from projects.churn.simulator.world import World

#: upper limit of the expected number a week, approached smoothly.
MAX_WEEKLY_COUNT = 6.0
#: factor on the rate of a person in the weeks in which a followed series runs.
RELEASE_FACTOR = 1.3


@dataclass(frozen=True)
class Activity:
    """Users and moments of one kind of activity, two arrays (n,) in the order of time."""

    user: Ints
    at: Ints


def draw_weekly_activity(streams: Streams, world: World, access: Access, rate: Floats, slope: float) -> Activity:
    """Draw when people are active: a Poisson number of times each week, at moments with access only.

    Everybody who has signed up gets draws, and moments without access are dropped afterwards. So the contract of one
    person never changes the draws of another.

    Args:
        streams: the streams of the kind of activity.
        world: people, their latent states and the series that they follow.
        access: intervals in which each person has access.
        rate: (people,) expected number a week at engagement 0.
        slope: change of the logarithm of the rate per unit of engagement.
    """
    rng, users, moments = streams.generator("weekly"), [], []
    first = world.window.start // WEEK * WEEK - 3 * DAY
    for week in range(first, world.window.end, WEEK):
        people = np.flatnonzero(world.people.signed_up < week + WEEK)
        middle = np.full(len(people), week + WEEK // 2)
        engagement = world.latent_states.engagement_at(people, middle)
        expected = (
            rate[people] * np.exp(slope * engagement) * season_factor(middle) * _release_factors(world, people, week)
        )
        count = rng.poisson(MAX_WEEKLY_COUNT * (1 - np.exp(-expected / MAX_WEEKLY_COUNT)))
        users.append(np.repeat(people, count))
        moments.append(week + _in_week(rng, int(count.sum())))
    user, at = np.concatenate(users), np.concatenate(moments)
    order = sort_before(at, world.window.end)
    user, at = user[order], at[order]
    inside = (at >= world.window.start) & (access.covering(user, at) >= 0)
    return Activity(user[inside], at[inside])


def _release_factors(world: World, users: Ints, week: int) -> Floats:
    followers = world.followers
    running = (followers.released < week + WEEK) & (followers.finale > week)
    return np.where(followers.follows[users][:, running].any(axis=1), RELEASE_FACTOR, 1.0)


def _in_week(rng: np.random.Generator, count: int) -> Ints:
    """Draw seconds since Monday 00:00, more often at weekends and in the evening."""
    day = np.searchsorted(np.cumsum(WEEKDAY_FACTORS) / WEEKDAY_FACTORS.sum(), rng.random(count))
    hour = 8 + 15.9 * rng.random(count) ** 0.55
    return np.minimum(day, 6) * DAY + (hour * HOUR).astype(np.int64)

"""The titles of the catalogue, and the people who follow its big series."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, WEEK, SimulationWindow
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.streams import Streams, choose

GENRES = ("drama", "comedy", "thriller", "fantasy", "documentary", "animation", "crime", "romance")
COUNT = 600
#: a big series starts at this interval and releases one episode a week.
BIG_EVERY = 55 * DAY
BIG_EPISODES = 8
#: big series start this long before the window, for people who subscribed before it.
SERIES_HISTORY = 350 * DAY
FOLLOWER_SHARE = 0.22
ANIMATION = 5


@dataclass(frozen=True)
class Titles(Columns):
    """One row per title, in the order of release.

    `finale` is the release of the last episode, 0 if all episodes are released at once. `serial` is a random number for
    ids and names, `weight` the popularity.
    """

    series: Flags
    big: Flags
    genre: Ints
    kids: Flags
    announced: Ints
    released: Ints
    finale: Ints
    episodes: Ints
    minutes: Ints
    weight: Floats
    serial: Ints


def make_titles(streams: Streams, window: SimulationWindow) -> Titles:
    """Draw the catalogue: two thirds of the titles are released before the window, the others in it or soon after."""
    rng = streams.generator("titles")
    big_at = np.arange(window.start - SERIES_HISTORY, window.end + 20 * DAY, BIG_EVERY)
    count = COUNT + len(big_at)
    big = np.arange(count) >= COUNT
    plain = np.where(
        rng.random(COUNT) < 0.66,
        rng.integers(window.start - 900 * DAY, window.start, COUNT),
        rng.integers(window.start, window.end + 60 * DAY, COUNT),
    )
    released = np.concatenate([plain // DAY * DAY, big_at // DAY * DAY]) + 10 * 3600
    series = big | (rng.random(count) < 0.4)
    kids = ~big & (rng.random(count) < 0.15)
    episodes = np.where(big, BIG_EPISODES, np.where(series, rng.integers(4, 25, count), 1))
    weekly = big | (series & (rng.random(count) < 0.3))
    titles = Titles(
        series=series,
        big=big,
        genre=np.where(kids, ANIMATION, choose(rng, [0.25, 0.2, 0.12, 0.1, 0.08, 0.03, 0.12, 0.1], count)),
        kids=kids,
        announced=released - rng.integers(20, 90, count) * DAY,
        released=released,
        finale=np.where(weekly, released + (episodes - 1) * WEEK, 0),
        episodes=episodes,
        minutes=np.where(series, rng.integers(22, 56, count), rng.integers(82, 140, count)),
        weight=rng.pareto(1.3, count) + 0.3,
        serial=rng.permutation(count),
    )
    return titles.select_rows(np.argsort(released, kind="stable"))


@dataclass(frozen=True)
class Followers:
    """The followers of big series: `rows` (series,) in `Titles`, and `follows` (people, series)."""

    rows: Ints
    released: Ints
    finale: Ints
    follows: Flags


def make_followers(streams: Streams, titles: Titles, users: int) -> Followers:
    """Draw the people who follow each big series."""
    rows = np.flatnonzero(titles.big)
    follows = streams.generator("followers").random((users, len(rows))) < FOLLOWER_SHARE
    return Followers(rows, titles.released[rows], titles.finale[rows], follows)

"""What there is before anybody signs anything: people, their moods, the catalogue, the campaigns to come."""

from dataclasses import dataclass

from projects.churn.simulator.calendar import Window
from projects.churn.simulator.people.campaigns import Campaigns, make_campaigns
from projects.churn.simulator.people.engagement import Moods, make_moods
from projects.churn.simulator.people.people import People, make_people
from projects.churn.simulator.people.titles import (
    Followers,
    Titles,
    make_followers,
    make_titles,
)
from projects.churn.simulator.streams import Streams


@dataclass(frozen=True)
class World:
    """What the contract machine and the behaviour run on."""

    streams: Streams
    window: Window
    people: People
    titles: Titles
    moods: Moods
    followers: Followers
    campaigns: Campaigns


def make_world(users: int, months: int, seed: int) -> World:
    """Draw the world of `users` people over `months` months."""
    streams, window = Streams(seed), Window(months)
    people, titles = make_people(streams, window, users), make_titles(streams, window)
    moods = make_moods(streams, window, people)
    followers = make_followers(streams, titles, users)
    return World(streams, window, people, titles, moods, followers, make_campaigns(window))

"""The world before any contract begins: people, their latent states, the catalogue and the planned campaigns."""

from dataclasses import dataclass

from projects.churn.simulator.calendar import SimulationWindow
from projects.churn.simulator.campaigns import Campaigns, make_campaigns
from projects.churn.simulator.mailing import Messages, make_digests
from projects.churn.simulator.people.engagement import LatentStates, make_latent_states
from projects.churn.simulator.people.people import People, make_people
from projects.churn.simulator.streams import Streams
from projects.churn.simulator.titles import (
    Followers,
    Titles,
    make_followers,
    make_titles,
)


@dataclass(frozen=True)
class World:
    """The input of the contracts and of the behaviour."""

    streams: Streams
    window: SimulationWindow
    people: People
    titles: Titles
    latent_states: LatentStates
    followers: Followers
    campaigns: Campaigns
    digests: Messages


def make_world(users: int, months: int, seed: int) -> World:
    """Draw the world of `users` people for an export of `months` months."""
    streams, window = Streams(seed), SimulationWindow(months)
    people, titles = make_people(streams, window, users), make_titles(streams, window)
    latent_states = make_latent_states(streams, window, people)
    followers = make_followers(streams, titles, users)
    digests = make_digests(streams, window, people, latent_states)
    return World(streams, window, people, titles, latent_states, followers, make_campaigns(window), digests)

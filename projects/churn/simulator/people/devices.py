"""Browsers and devices of a household, and the browsers of visitors who never sign up."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Columns, Flags, Floats, Ids, Ints
from projects.churn.simulator.people.people import People
from projects.churn.simulator.streams import Streams, choose, ids

TYPES = ("phone", "tablet", "tv", "browser")
PHONE, TABLET, TV, BROWSER = range(len(TYPES))
#: share of people who own a device of each of `TYPES`.
OWNERSHIP_SHARES = np.array([0.88, 0.22, 0.55, 0.80])
SECOND_BROWSER = 0.25
#: share of subscribers' browsers on which nobody ever logs in.
NEVER_LINKED = 0.10
#: number of visitors who never sign up, per person who does.
STRANGERS_PER_PERSON = 1.2


@dataclass(frozen=True)
class Devices(Columns):
    """One row per device, grouped by person. Visitors who never sign up (`user` -1) come last.

    `linked` is the moment of the first log-in, 0 without one. `weight` is proportional to the share of the person's use
    that goes to the device.
    """

    user: Ints
    kind: Ints
    id: Ids
    linked: Ints
    weight: Floats
    model: Ints
    version: Ints

    @property
    def browser(self) -> Flags:
        """Mask of the rows that are browsers."""
        return np.asarray(self.kind == BROWSER)


def make_devices(streams: Streams, people: People) -> Devices:
    """Draw the devices of everybody."""
    rng = streams.generator("devices")
    count = len(people)
    owned = rng.random((count, len(TYPES))) < OWNERSHIP_SHARES
    owned[~owned.any(axis=1), PHONE] = True
    user, kind = np.nonzero(owned)
    browsers = np.flatnonzero(kind == BROWSER)
    second = browsers[rng.random(len(browsers)) < SECOND_BROWSER]
    strangers = round(count * STRANGERS_PER_PERSON)
    user = np.concatenate([user, user[second], np.full(strangers, -1)])
    kind = np.concatenate([kind, kind[second], np.full(strangers, BROWSER)])
    return Devices(
        user=user,
        kind=kind,
        id=ids(rng, len(user)),
        linked=_first_log_in(rng, people, user, kind),
        weight=rng.gamma(1.5, 1.0, len(user)) + 0.1,
        model=rng.integers(0, 4, len(user)),
        version=choose(rng, [0.5, 0.3, 0.2], len(user)),
    )


def _first_log_in(rng: np.random.Generator, people: People, user: Ints, kind: Ints) -> Ints:
    """Draw the first log-in: mostly right after signing up, else within 90 days of it."""
    signed_up = people.signed_up[np.maximum(user, 0)]
    at_once = rng.random(len(user)) < 0.75
    later = np.where(at_once, rng.integers(10, 900, len(user)), rng.integers(DAY, 90 * DAY, len(user)))
    never = (user < 0) | ((kind == BROWSER) & (rng.random(len(user)) < NEVER_LINKED))
    return np.where(never, 0, signed_up + later)


@dataclass(frozen=True)
class OwnedDevices:
    """The devices of some kinds, indexed by person, to draw one of them by weight."""

    first: Ints
    count: Ints
    rows: Ints
    edge: Floats

    def draw(self, users: Ints, uniform: Floats) -> Ints:
        """Turn uniform numbers into a device row for each user; -1 for users without a device."""
        base = np.where(self.first[users] > 0, self.edge[self.first[users] - 1], 0.0)
        top = self.edge[np.maximum(self.first[users] + self.count[users] - 1, 0)]
        position = np.searchsorted(self.edge, base + uniform * (top - base), side="right")
        last = np.maximum(self.first[users], self.first[users] + self.count[users] - 1)
        return np.where(self.count[users] > 0, self.rows[np.minimum(position, last)], -1)


def index_owners(devices: Devices, kinds: tuple[int, ...], people: int) -> OwnedDevices:
    """Index the devices of these kinds by person; `people` is the number of people."""
    rows = np.flatnonzero(np.isin(devices.kind, kinds) & (devices.user >= 0))
    rows = rows[np.argsort(devices.user[rows], kind="stable")]
    count = np.bincount(devices.user[rows], minlength=people)
    return OwnedDevices(
        np.minimum(np.cumsum(count) - count, len(rows) - 1), count, rows, np.cumsum(devices.weight[rows])
    )

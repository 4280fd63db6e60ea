"""Browsers and devices of a household, and the browsers of visitors who never sign up."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Columns, Flags, Floats, Ids, Ints
from projects.churn.simulator.streams import choose, ids
from projects.churn.simulator.world import World

TYPES = ("phone", "tablet", "tv", "browser")
PHONE, TABLET, TV, BROWSER = range(len(TYPES))
#: share of people with such a device.
OWNED = np.array([0.88, 0.22, 0.55, 0.80])
SECOND_BROWSER = 0.25
#: share of browsers on which nobody ever logs in, though a subscriber uses them.
NEVER_LINKED = 0.10
#: visitors who never sign up, per person who does.
STRANGERS = 1.2


@dataclass(frozen=True)
class Devices(Columns):
    """One row a device, grouped by person; strangers (`user` -1) come last.

    `linked` is the first log-in, 0 without one. `weight` is how much of the person's use goes to the device.
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
        """Rows that are browsers."""
        return np.asarray(self.kind == BROWSER)


def make_devices(world: World) -> Devices:
    """Draw what everybody owns."""
    rng = world.streams.of("devices")
    count = len(world.people)
    owned = rng.random((count, len(TYPES))) < OWNED
    owned[~owned.any(axis=1), PHONE] = True
    user, kind = np.nonzero(owned)
    browsers = np.flatnonzero(kind == BROWSER)
    second = browsers[rng.random(len(browsers)) < SECOND_BROWSER]
    strangers = round(count * STRANGERS)
    user = np.concatenate([user, user[second], np.full(strangers, -1)])
    kind = np.concatenate([kind, kind[second], np.full(strangers, BROWSER)])
    return Devices(
        user=user,
        kind=kind,
        id=ids(rng, len(user)),
        linked=_first_log_in(rng, world, user, kind),
        weight=rng.gamma(1.5, 1.0, len(user)) + 0.1,
        model=rng.integers(0, 4, len(user)),
        version=choose(rng, [0.5, 0.3, 0.2], len(user)),
    )


def _first_log_in(rng: np.random.Generator, world: World, user: Ints, kind: Ints) -> Ints:
    """Most at signing up, the rest when the device comes into use."""
    signed_up = world.people.signed_up[np.maximum(user, 0)]
    at_once = rng.random(len(user)) < 0.75
    later = np.where(at_once, rng.integers(10, 900, len(user)), rng.integers(DAY, 90 * DAY, len(user)))
    never = (user < 0) | ((kind == BROWSER) & (rng.random(len(user)) < NEVER_LINKED))
    return np.where(never, 0, signed_up + later)


@dataclass(frozen=True)
class Owners:
    """For each person the devices of some kinds, to draw one of them by weight."""

    first: Ints
    count: Ints
    rows: Ints
    edge: Floats

    def draw(self, users: Ints, uniform: Floats) -> Ints:
        """A device for each user by a uniform number; -1 for those without."""
        base = np.where(self.first[users] > 0, self.edge[self.first[users] - 1], 0.0)
        top = self.edge[np.maximum(self.first[users] + self.count[users] - 1, 0)]
        found = np.searchsorted(self.edge, base + uniform * (top - base), side="right")
        last = np.maximum(self.first[users], self.first[users] + self.count[users] - 1)
        return np.where(self.count[users] > 0, self.rows[np.minimum(found, last)], -1)


def owners(devices: Devices, kinds: tuple[int, ...], people: int) -> Owners:
    """The index of devices of these kinds."""
    rows = np.flatnonzero(np.isin(devices.kind, kinds) & (devices.user >= 0))
    rows = rows[np.argsort(devices.user[rows], kind="stable")]
    count = np.bincount(devices.user[rows], minlength=people)
    return Owners(np.minimum(np.cumsum(count) - count, len(rows) - 1), count, rows, np.cumsum(devices.weight[rows]))

"""Random numbers: each purpose has its own named stream, so a change of one purpose changes no other draws.

Rows are sorted by time before values are drawn for them, and each column has its own stream. So the draws of a row
depend on earlier rows only, and later events never change an earlier export. The name of a stream is part of its seed:
a renamed stream changes the simulated world.
"""

from zlib import crc32

import numpy as np

from projects.churn.simulator.columns import Floats, Ids, Ints


class Streams:
    """Random generators that depend only on the seed and on their name."""

    def __init__(self, seed: int, prefix: str = "") -> None:
        self._seed, self._prefix = seed, prefix

    def generator(self, name: str) -> np.random.Generator:
        """A new generator for the stream of this name; the same name starts the same stream again."""
        full_name = f"{self._prefix}{name}"
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(crc32(full_name.encode()),)))

    def substreams(self, name: str) -> "Streams":
        """Streams whose names all begin with `name`, one for each column of one table."""
        return Streams(self._seed, f"{self._prefix}{name}: ")


def ids(rng: np.random.Generator, count: int) -> Ids:
    """Draw `count` random 64-bit ids; half of them are above 2**63."""
    return rng.integers(1, 2**64 - 1, size=count, dtype=np.uint64)


def choose(rng: np.random.Generator, shares: list[float], count: int) -> Ints:
    """Draw `count` category numbers; category i has the share `shares[i]`."""
    return pick(rng.random(count), shares)


def pick(uniform: Floats, shares: list[float]) -> Ints:
    """Turn uniform numbers into category numbers; category i has the share `shares[i]`."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(edges[:-1], uniform, side="right").astype(np.int64)


def between(uniform: Floats, low: int, high: int) -> Ints:
    """Turn uniform numbers into whole numbers from `low` up to, not including, `high`."""
    return low + np.floor(uniform * (high - low)).astype(np.int64)

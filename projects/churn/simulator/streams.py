"""Random numbers: one stream per concern, so that a change in one shifts no other.

Rows are in the order of time before anything is drawn for them, and each column is drawn from a stream of its own.
So the draws of a row depend on earlier rows alone: what happens later never changes what was exported before.
"""

from zlib import crc32

import numpy as np

from projects.churn.simulator.columns import Floats, Ids, Ints


class Streams:
    """Generators that depend on the seed and on their name alone."""

    def __init__(self, seed: int, prefix: str = "") -> None:
        self._seed, self._prefix = seed, prefix

    def of(self, concern: str) -> np.random.Generator:
        """A fresh generator of that name."""
        name = f"{self._prefix}{concern}"
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(crc32(name.encode()),)))

    def under(self, concern: str) -> "Streams":
        """The streams of the columns of one concern."""
        return Streams(self._seed, f"{self._prefix}{concern}: ")


def ids(rng: np.random.Generator, count: int) -> Ids:
    """Random 64-bit ids, half of them above 2**63."""
    return rng.integers(1, 2**64 - 1, size=count, dtype=np.uint64)


def choose(rng: np.random.Generator, shares: list[float], count: int) -> Ints:
    """Numbers of categories drawn with these shares."""
    return pick(rng.random(count), shares)


def pick(uniform: Floats, shares: list[float]) -> Ints:
    """Numbers of categories with these shares, by uniform numbers."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(edges[:-1], uniform, side="right").astype(np.int64)


def between(uniform: Floats, low: int, high: int) -> Ints:
    """Whole numbers from `low` up to (not including) `high`, by uniform numbers."""
    return low + np.floor(uniform * (high - low)).astype(np.int64)

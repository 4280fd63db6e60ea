"""Random numbers: one stream per concern, so that a change in one shifts no other."""

from zlib import crc32

import numpy as np

from projects.churn.simulator.columns import Ids, Ints


class Streams:
    """Generators that depend on the seed and on their name alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, concern: str) -> np.random.Generator:
        """A fresh generator of that name."""
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(crc32(concern.encode()),)))


def ids(rng: np.random.Generator, count: int) -> Ids:
    """Random 64-bit ids, half of them above 2**63."""
    return rng.integers(1, 2**64 - 1, size=count, dtype=np.uint64)


def choose(rng: np.random.Generator, shares: list[float], count: int) -> Ints:
    """Numbers of categories drawn with these shares."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(edges[:-1], rng.random(count), side="right").astype(np.int64)

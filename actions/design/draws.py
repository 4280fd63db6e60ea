"""Uniform numbers that are always the same for an entity and a salt.

PostgreSQL computes the same numbers with `ops.uniform_draw`, so a constraint can check who is in a group.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

#: bits of the MD5 that make a number: as many as a double holds exactly.
BITS = 52


def uniform_draws(salt: str, entities: Iterable[object]) -> NDArray[np.float64]:
    """A number from 0 to below 1 for each entity: the first 52 bits of the MD5 of `<salt>:<entity>`.

    Args:
        salt: another salt gives independent numbers.
        entities: keys; a number counts as its decimal text.

    Returns:
        Array (n,).

    >>> uniform_draws("shop", ["u1", "u2"]).round(4).tolist()
    [0.7097, 0.5975]
    """
    digests = b"".join(_first_bytes(f"{salt}:{entity}") for entity in entities)
    whole = np.frombuffer(digests, dtype=">u8").astype(np.uint64) >> np.uint64(64 - BITS)
    return np.asarray(whole.astype(np.float64) / 2.0**BITS, dtype=np.float64)


def _first_bytes(text: str) -> bytes:
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8]

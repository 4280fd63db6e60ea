"""Draws are uniform, and the same for the same entity and salt."""

import hashlib

import numpy as np

from actions.design.draws import uniform_draws


def test_a_draw_is_the_first_52_bits_of_the_md5():
    digests = [hashlib.md5(f"salt:{entity}".encode(), usedforsecurity=False) for entity in ("a", 7, "é")]
    expected = [int(digest.hexdigest()[:13], 16) / 2**52 for digest in digests]
    assert uniform_draws("salt", ["a", 7, "é"]).tolist() == expected


def test_draws_are_uniform_and_those_of_two_salts_are_independent():
    first, second = (uniform_draws(salt, range(20_000)) for salt in ("one salt", "another salt"))
    assert first.min() >= 0
    assert first.max() < 1
    shares = np.histogram(first, bins=10, range=(0, 1))[0] / len(first)
    assert np.abs(shares - 0.1).max() < 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_nobody_gives_no_draw():
    assert uniform_draws("salt", []).shape == (0,)

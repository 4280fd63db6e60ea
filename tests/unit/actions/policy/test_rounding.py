"""Single people are moved until a plan is within every constraint and no better action fits."""

import numpy as np

from actions.policy.constraints import Constraints
from actions.policy.prices import Prices
from actions.policy.rounding import fill, keep_within, round_shares

#: money: the first action costs 1, the second 3.
MONEY = np.array([[1.0, 3.0]])


def money(allowed: float) -> Constraints:
    return Constraints(("budget",), MONEY, np.array([allowed]))


def test_the_people_who_gain_least_lose_their_action_until_the_plan_fits():
    gains = np.array([[5.0, 1.0, 9.0, 2.0], [0.0, 0.0, 0.0, 8.0]])
    choice = np.array([0, 0, 0, 1], dtype=np.int8)
    keep_within(choice, gains, money(5), np.array([1.0]))
    assert choice.tolist() == [0, -1, 0, 1]
    keep_within(choice, gains, money(4.5), np.array([1.0]))
    assert choice.tolist() == [-1, -1, 0, 1]


def test_a_plan_that_fits_keeps_everybodys_action():
    choice = np.array([0, 1], dtype=np.int8)
    keep_within(choice, np.ones((2, 2)), money(4), np.array([0.0]))
    assert choice.tolist() == [0, 1]


def test_what_is_left_goes_to_the_people_who_gain_most():
    gains = np.array([[5.0, 1.0, 9.0, -1.0], [6.0, 0.0, 0.0, -1.0]])
    choice = np.full(4, -1, dtype=np.int8)
    fill(choice, gains, money(2), np.array([1.0]))
    assert choice.tolist() == [0, -1, 0, -1]


def test_a_person_gets_a_better_action_if_the_difference_fits():
    gains = np.array([[5.0, 5.0], [9.0, 7.0]])
    choice = np.zeros(2, dtype=np.int8)
    fill(choice, gains, money(5), np.array([0.5]))
    assert choice.tolist() == [1, 0], "two more rubles are enough for one of them"


def test_equal_people_are_divided_by_the_linear_program_to_the_last_whole_person():
    """All are equal, and at the price both plans are as good: everybody, or nobody."""
    gains = np.tile(np.array([[4.0], [0.0]]), (1, 10))
    prices = Prices(np.array([4.0]), 28.0, np.array([[0.0]]), np.array([0.7]), 2)
    choice = round_shares(gains, money(7.5), prices)
    assert sorted(choice.tolist()) == [-1] * 3 + [0] * 7

"""Probabilities of all arms: exact for our own campaigns, estimated for a history with that of the drawn arm."""

import numpy as np
import pytest

from actions.design.arm_probabilities import design_probabilities, estimated_probabilities, select_arms

#: weights of control and three actions, shared among the arms that a person could get.
WEIGHTS = np.array([0.2, 0.4, 0.3, 0.1])


def history(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arms that each person could get, their true probabilities, and the drawn arm."""
    rng = np.random.default_rng(seed)
    allowed = np.column_stack([np.ones(rows, dtype=bool), rng.random((rows, 3)) < 0.6])
    allowed[~allowed[:, 1:].any(axis=1), 1] = True
    weights = WEIGHTS * allowed
    true = weights / weights.sum(axis=1, keepdims=True)
    return allowed, true, (rng.random((rows, 1)) < true.cumsum(axis=1)).argmax(axis=1)


def test_probabilities_of_a_history_are_recovered_where_the_conditions_tell_who_could_get_an_arm():
    allowed, true, arm = history(2_000)
    campaigns = np.full(len(arm), "c1", dtype=object)
    result = estimated_probabilities(campaigns, arm, true[np.arange(len(arm)), arm], allowed)
    assert result.probability == pytest.approx(true, abs=1e-9)
    assert result.unscaled_sum == pytest.approx(np.ones(len(arm)), abs=1e-9)


def test_wrong_conditions_keep_the_recorded_probability_and_show_in_the_sums():
    """The history of people without some arms is read as if everybody could get every arm."""
    _, true, arm = history(2_000)
    recorded = true[np.arange(len(arm)), arm]
    everything = np.ones_like(true, dtype=bool)
    result = estimated_probabilities(np.full(len(arm), "c1", dtype=object), arm, recorded, everything)
    assert (result.probability[np.arange(len(arm)), arm] == recorded).all()
    assert result.probability.sum(axis=1) == pytest.approx(np.ones(len(arm)))
    assert (np.abs(result.unscaled_sum - 1) > 0.05).mean() > 0.5


def test_an_arm_of_another_campaign_has_probability_0():
    allowed, true, arm = history(500)
    two = np.concatenate([arm, np.array([0, 1, 0, 1])])
    recorded = np.concatenate([true[np.arange(len(arm)), arm], np.full(4, 0.5)])
    campaigns = np.array(["c1"] * len(arm) + ["c2"] * 4, dtype=object)
    could = np.vstack([allowed, np.ones((4, 4), dtype=bool)])
    result = estimated_probabilities(campaigns, two, recorded, could)
    assert result.probability[-4:].tolist() == [[0.5, 0.5, 0.0, 0.0]] * 4


def test_a_drawn_arm_that_the_conditions_deny_counts_and_one_possible_arm_falls_back_to_the_campaign():
    arm = np.array([0, 1, 0, 1, 1])
    recorded = np.array([0.4, 0.6, 0.4, 0.6, 0.6])
    denied = np.array([[True, False]] * 5)
    result = estimated_probabilities(np.full(5, "c", dtype=object), arm, recorded, denied)
    assert result.probability == pytest.approx(np.tile([0.4, 0.6], (5, 1)))


def test_no_row_gives_no_probability():
    result = estimated_probabilities(
        np.array([], dtype=object), np.array([], dtype=int), np.array([]), np.ones((0, 3)) > 0
    )
    assert result.probability.shape == (0, 3)


def test_probabilities_of_our_own_campaigns_are_those_among_control_and_exploring_people():
    allowed = np.array([[True, True, True], [True, False, True], [False, True, False]])
    result = design_probabilities(np.full(3, 0.1), np.full(3, 0.3), allowed)
    expected = [[0.25, 0.25, 0.25, 0.25], [0.25, 0.375, 0.0, 0.375], [0.25, 0.0, 0.75, 0.0]]
    assert result.probability == pytest.approx(np.array(expected))


def test_probabilities_given_some_arms_sum_to_1():
    selected = select_arms(np.array([[0.2, 0.4, 0.4], [0.5, 0.0, 0.5]]), np.array([True, True, False]))
    assert selected == pytest.approx(np.array([[1 / 3, 2 / 3], [1.0, 0.0]]))


def test_an_arm_that_nobody_of_a_small_group_drew_gets_what_the_others_leave():
    allowed, true, arm = history(2_000)
    is_alike = (allowed == allowed[0]).all(axis=1)
    undrawn = int(np.flatnonzero(allowed[0])[-1])
    used = ~(is_alike & (arm == undrawn))
    campaigns = np.full(int(used.sum()), "c1", dtype=object)
    recorded = true[used, arm[used]]
    result = estimated_probabilities(campaigns, arm[used], recorded, allowed[used])
    assert result.probability == pytest.approx(true[used], abs=1e-9)
    assert result.unscaled_sum == pytest.approx(np.ones(len(campaigns)), abs=1e-9)

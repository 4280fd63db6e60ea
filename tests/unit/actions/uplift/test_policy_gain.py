"""The gain of targeting: unbiased, exact for weights, and zero where nobody differs."""

from dataclasses import replace

import numpy as np
import pytest

from actions.uplift.policy_gain import PolicyArea, choose_actions, estimate_gains, policy_curve
from benchmarks.actions.simulated_experiments import simulate

FLAT = np.log(0.2 / 0.8)


def true_area(effects: np.ndarray, score: np.ndarray, action: np.ndarray) -> float:
    order = np.argsort(-score)
    gained = np.where(score > 0, effects[np.arange(len(effects)), action], 0.0)[order]
    return float((gained * (1 - (np.arange(len(gained)) + 0.5) / len(gained))).mean())


def test_the_estimated_area_is_the_true_one_on_average():
    estimates, truths = [], []
    for seed in range(60):
        simulated = simulate(seed, rows=1500, truth="split", actions=2, width=6)
        targeting = choose_actions(simulated.experiment, simulated.effects, np.full(1500, FLAT), np.zeros(2))
        estimates.append(PolicyArea(targeting)(np.ones((1, 1500)))["area"][0])
        truths.append(true_area(simulated.effects, targeting.score, targeting.action))
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - np.mean(truths)) < 3 * error


def test_weights_count_like_repeated_rows():
    simulated = simulate(1, rows=400, actions=2, width=6)
    log_odds = np.full(400, FLAT)
    weights = np.random.default_rng(0).integers(0, 3, 400)
    place = np.repeat(np.arange(400), weights)
    whole = choose_actions(simulated.experiment, np.round(simulated.effects, 3), log_odds, np.zeros(2))
    repeated = choose_actions(
        simulated.experiment.select(place), np.round(simulated.effects, 3)[place], log_odds[place], np.zeros(2)
    )
    for name in ("area", "all"):
        weighted = PolicyArea(whole)(weights[None, :])[name][0]
        assert weighted == pytest.approx(PolicyArea(repeated)(np.ones((1, len(place))))[name][0], abs=1e-12)


def test_equal_scores_have_no_order():
    simulated = simulate(2, rows=500, actions=2, width=6)
    equal = np.broadcast_to([0.03, 0.01], (500, 2))
    targeting = choose_actions(simulated.experiment, equal, np.full(500, FLAT), np.zeros(2))
    shuffled = np.random.default_rng(1).permutation(500)
    again = choose_actions(
        simulated.experiment.select(shuffled), equal[shuffled], np.full(500, FLAT), np.zeros(2)
    )  # fmt: skip
    once = np.ones((1, 500))
    first, second = PolicyArea(targeting)(once), PolicyArea(again)(once)
    assert first["area"][0] == pytest.approx(second["area"][0], abs=1e-12)
    assert first["area"][0] == pytest.approx(first["all"][0] / 2, abs=1e-12)


def test_an_action_that_costs_more_than_it_keeps_is_not_chosen():
    simulated = simulate(3, rows=300, actions=2, width=6)
    effects = np.broadcast_to([0.03, 0.02], (300, 2))
    for price, expected in (([0.0, 0.0], 0), ([0.02, 0.0], 1)):
        targeting = choose_actions(simulated.experiment, effects, np.full(300, FLAT), np.array(price))
        assert set(targeting.action) == {expected}
        assert targeting.score[0] == pytest.approx(effects[0, expected] - price[expected])


def test_an_action_that_a_person_could_not_get_is_not_chosen():
    experiment = simulate(4, rows=300, actions=2, width=6).experiment
    probability = np.where(experiment.arm[:, None] == 1, experiment.probability, [0.5, 0.0, 0.5])
    never_control = (experiment.arm == 2) & (np.arange(300) < 100)  # nothing is measured on them
    probability[never_control] = [0.0, 0.5, 0.5]
    effects = np.broadcast_to([0.05, 0.01], (300, 2))
    targeting = choose_actions(
        replace(experiment, probability=probability), effects, np.full(300, FLAT), np.zeros(2)
    )  # fmt: skip
    assert never_control.any()
    assert not never_control[targeting.place].any()
    chosen = probability[targeting.place, targeting.action + 1]
    assert (chosen > 0).all()


def test_gains_are_paired_with_the_constant_effect_and_its_own_difference_is_zero():
    simulated = simulate(5, rows=2000, truth="split", actions=2, width=6)
    log_odds = np.full(2000, FLAT)
    constant = np.broadcast_to(simulated.effects.mean(axis=0), simulated.effects.shape)
    gains = estimate_gains(
        {
            name: choose_actions(simulated.experiment, effects, log_odds, np.zeros(2))
            for name, effects in (("constant", constant), ("truth", simulated.effects))
        },
        "constant", simulated.experiment.people, 1,
    )  # fmt: skip
    assert gains["constant"].over_constant.interval().json() == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert gains["truth"].over_constant.interval().low > 0
    assert float(gains["truth"].area.value) == pytest.approx(
        float(gains["truth"].order.value + gains["truth"].all.value / 2)
    )


def test_the_curve_ends_where_everybody_gets_an_action():
    simulated = simulate(6, rows=800, truth="split", actions=2, width=6)
    once = np.ones((1, 800))
    noisy = simulated.effects + np.random.default_rng(3).normal(0, 0.02, simulated.effects.shape)
    targeting = choose_actions(simulated.experiment, noisy, np.full(800, FLAT), np.zeros(2))
    x, y = policy_curve(targeting, once)
    figures = PolicyArea(targeting)(once)
    assert (x[0], x[-1], y[0, 0]) == (0.0, 1.0, 0.0)
    assert y[0, -1] == pytest.approx(figures["all"][0], abs=1e-12)
    assert np.trapezoid(y[0], x) == pytest.approx(figures["area"][0], abs=2e-3)


def test_nobody_gets_an_action_that_is_predicted_to_harm():
    simulated = simulate(7, rows=600, truth="split", actions=2, width=6)
    targeting = choose_actions(simulated.experiment, np.full((600, 2), -0.01), np.full(600, FLAT), np.zeros(2))
    figures = PolicyArea(targeting)(np.ones((1, 600)))
    assert (figures["area"][0], figures["all"][0]) == (0.0, 0.0)

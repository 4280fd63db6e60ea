"""Measured effects hold the truth, for all actions at once, and calibration tells right effects from wrong ones."""

import numpy as np
import pytest

from actions.uplift.effect_measurement import TENTHS, measure_average_effects, measure_calibration
from actions.uplift.policy_gain import choose_actions
from benchmarks.actions.simulated_experiments import SimulatedExperiment, simulate


def log_odds(simulated: SimulatedExperiment) -> np.ndarray:
    return np.log(simulated.risk / (1 - simulated.risk))


def test_average_effects_hold_the_truth_of_all_actions_at_once():
    holds = []
    for seed in range(20):
        simulated = simulate(seed, rows=1500, truth="constant", actions=4, width=6)
        measured = measure_average_effects(simulated.experiment, log_odds(simulated), seed)
        truth = simulated.effects.mean(axis=0)
        holds.append(all(e.low <= t <= e.high for e, t in zip(measured.values(), truth, strict=True)))
    assert sum(holds) >= 17


def test_intervals_for_many_actions_are_wider_than_for_one():
    simulated = simulate(1, rows=3000, truth="null", actions=6, width=6)
    many = measure_average_effects(simulated.experiment, log_odds(simulated), 1)["action_1"]
    assert (many.high - many.low) / 2 > 1.2 * 1.96 * _error(simulated)


def _error(simulated: SimulatedExperiment) -> float:
    from actions.uplift.pseudo_outcomes import pseudo_outcomes

    pseudo = pseudo_outcomes(simulated.experiment, log_odds(simulated))[:, 0]
    return float(pseudo.std() / np.sqrt(len(pseudo)))


@pytest.mark.parametrize(("factor", "slope_is_right"), [(1.0, True), (6.0, False)])
def test_exaggerated_effects_have_a_slope_below_one(factor: float, slope_is_right: bool):
    simulated = simulate(2, rows=8000, truth="split", actions=2, width=6)
    targeting = choose_actions(simulated.experiment, factor * simulated.effects, log_odds(simulated), np.zeros(2))
    result = measure_calibration(simulated.experiment, targeting, 1)
    assert result.slope is not None
    assert len(result.tenths) == TENTHS
    assert (result.slope.low <= 1.0 <= result.slope.high) == slope_is_right
    assert (result.gap.low <= 0.0 <= result.gap.high) == slope_is_right


def test_one_effect_for_everybody_has_no_slope():
    simulated = simulate(3, rows=2000, truth="constant", actions=2, width=6)
    same = np.broadcast_to(simulated.effects.mean(axis=0), simulated.effects.shape)
    result = measure_calibration(
        simulated.experiment, choose_actions(simulated.experiment, same, log_odds(simulated), np.zeros(2)), 1
    )
    assert result.slope is None
    assert [tenth.rows for tenth in result.tenths] == [2000]
    assert result.gap.low < 0 < result.gap.high

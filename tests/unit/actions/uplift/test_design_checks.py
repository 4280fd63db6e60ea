"""Checks of the design pass on sound experiments and find each planted defect."""

from dataclasses import replace

import numpy as np
import pytest

from actions.experiment import Experiment
from actions.uplift.design_checks import balance, contamination, placebo, sample_ratio
from actions.uplift.policy_gain import choose_actions
from benchmarks.actions.simulated_experiments import simulate


@pytest.fixture(scope="module")
def sound() -> Experiment:
    return simulate(1, rows=6000, truth="split", actions=3, width=20).experiment


def test_a_sound_experiment_passes(sound: Experiment):
    assert sample_ratio(sound).p_value > 0.05
    assert balance(sound).p_value > 0.05
    assert sample_ratio(sound).rows == {name: int((sound.arm == arm).sum()) for arm, name in enumerate(sound.arms)}


def test_people_lost_from_one_arm_of_one_campaign_are_noticed(sound: Experiment):
    lost = (sound.campaigns == "c3") & (sound.arm == 2) & (np.arange(len(sound)) % 2 == 0)
    result = sample_ratio(sound.select(~lost))
    assert result.p_value < 1e-6
    assert result.campaign == "c3"


def test_probabilities_that_differ_by_row_are_no_mismatch():
    rng = np.random.default_rng(0)
    treated = rng.uniform(0.1, 0.9, 5000)
    base = simulate(2, rows=5000, truth="null", actions=1, width=6).experiment
    experiment = replace(
        base, arm=(rng.random(5000) < treated).astype(np.int_), probability=np.column_stack([1 - treated, treated])
    )  # fmt: skip
    assert sample_ratio(experiment).p_value > 0.05
    assert balance(experiment).p_value > 0.05


def test_a_feature_that_differs_before_the_assignment_is_named(sound: Experiment):
    rows = sound.rows.copy()
    rows[:, 7] += 0.4 * (sound.arm == 2)
    result = balance(replace(sound, rows=rows))
    assert result.p_value < 1e-6
    assert (result.feature, result.action) == ("x7", "action_2")


def test_a_feature_that_is_null_for_one_arm_is_named(sound: Experiment):
    rows = sound.rows.copy()
    rows[(sound.arm == 1) & (np.arange(len(sound)) % 3 == 0), 9] = np.nan
    result = balance(replace(sound, rows=rows))
    assert result.p_value < 1e-6
    assert (result.feature, result.action) == ("x9", "action_1")


def test_control_rows_with_contacts_of_other_campaigns_are_counted():
    base = simulate(3, rows=4, actions=1, width=6).experiment
    days = np.array(["2025-01-01", "2025-01-20", "2025-01-01", "2025-06-01"], dtype="datetime64[D]")
    experiment = replace(
        base, people=np.array(["a", "a", "b", "b"], dtype=object), arm=np.array([0, 1, 0, 1]), assigned_on=days,
        campaigns=np.array(["first", "second", "first", "third"], dtype=object),
    )  # fmt: skip
    result = contamination(experiment, 30, share=0.1)
    assert (result.other_campaigns, result.share, result.days) == (0.5, 0.1, 30)
    assert contamination(experiment, 10).other_campaigns == 0.0


def test_the_placebo_includes_zero_even_for_a_perfect_model():
    simulated = simulate(4, rows=4000, truth="split", actions=2, width=6)
    log_odds = np.log(simulated.risk / (1 - simulated.risk))
    targeting = choose_actions(simulated.experiment, simulated.effects, log_odds, np.zeros(2))
    interval = placebo(simulated.experiment, targeting, log_odds, 1)
    assert interval.low < 0 < interval.high
    assert interval.low <= interval.value <= interval.high

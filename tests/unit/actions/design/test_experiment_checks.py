"""Checks of the randomisation: quiet on sound experiments, and failing on each fault."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chisquare, false_discovery_control

from actions.design.contamination import ContactedControls
from actions.design.experiment_checks import (
    balance_check,
    contamination_check,
    feature_balances,
    holm,
    probability_check,
    sample_ratio_check,
    sample_ratio_p_value,
)
from actions.experiment import Experiment


def experiment(rows: int = 4_000, seed: int = 1, campaigns: int = 4) -> Experiment:
    """Rows of campaigns with two actions; a third of the people cannot get the second."""
    rng = np.random.default_rng(seed)
    could = rng.random(rows) < 0.67
    probability = np.where(could[:, None], [0.2, 0.5, 0.3], [0.3, 0.7, 0.0])
    features = np.column_stack(
        [rng.normal(size=rows), rng.lognormal(sigma=2, size=rows), could, np.arange(rows) == 0, rng.normal(size=rows)]
    )
    features[rng.random(rows) < 0.3, 1] = np.nan
    return Experiment(
        names=("age", "spent", "accepts_sms", "rare", "tenure"),
        rows=features,
        people=np.array([f"u{number}" for number in range(rows)], dtype=object),
        campaigns=np.array([f"c{number}" for number in rng.integers(0, campaigns, rows)], dtype=object),
        assigned_on=np.full(rows, np.datetime64("2026-01-01")),
        arms=("control", "email", "sms"),
        arm=(rng.random((rows, 1)) < probability.cumsum(axis=1)).argmax(axis=1),
        probability=probability,
        outcome=(rng.random(rows) < 0.9).astype(float),
        cost=np.array([0.0, 1.0, 4.0]),
        baseline=np.full(rows, np.nan),
    )


SOUND = experiment()


def test_a_sound_experiment_passes():
    for check in (sample_ratio_check(SOUND), balance_check(SOUND)):
        assert check.passed, check.sentence
        assert check.value is not None
        assert check.value >= 0.01
        assert check.sentence.endswith(".")


def test_sound_experiments_seldom_fail():
    """Each check may fail 1 of 100 experiments."""
    experiments = [experiment(1_500, seed) for seed in range(60)]
    assert sum(not sample_ratio_check(each).passed for each in experiments) <= 3
    assert sum(not balance_check(each).passed for each in experiments) <= 3


def test_a_campaign_that_lost_control_people_fails_the_sample_ratio_and_is_named():
    is_lost = (SOUND.campaigns == "c2") & (SOUND.arm == 0) & (np.arange(len(SOUND)) % 2 == 0)
    check = sample_ratio_check(SOUND.select(~is_lost))
    assert not check.passed
    assert "Campaign c2 has" in check.sentence
    assert "rows of control, but" in check.sentence


def test_the_statistic_is_that_of_pearson_for_equal_probabilities():
    arm = np.repeat([0, 1, 2], [220, 480, 300])
    expected = chisquare([220, 480, 300], [200, 500, 300]).pvalue
    assert sample_ratio_p_value(arm, np.tile([0.2, 0.5, 0.3], (1_000, 1))) == pytest.approx(expected)


def test_a_feature_that_followed_the_assignment_fails_the_balance_and_is_named_first():
    features = SOUND.rows.copy()
    features[:, 0] += 0.25 * (SOUND.arm == 1)
    check = balance_check(replace(SOUND, rows=features))
    assert not check.passed
    assert "the largest are age of email (+0.1" in check.sentence


def test_lost_values_of_an_arm_fail_the_balance():
    features = SOUND.rows.copy()
    features[(SOUND.arm == 2) & (np.arange(len(SOUND)) % 2 == 0), 4] = np.nan
    check = balance_check(replace(SOUND, rows=features))
    assert not check.passed
    assert "tenure of sms" in check.sentence


def test_people_who_could_not_get_an_arm_do_not_count_as_its_control():
    sms = {each.feature: each for each in feature_balances(SOUND) if each.arm == "sms"}
    assert "accepts_sms" not in sms, "everybody who could get an SMS accepts it"
    assert "rare" not in sms, "one row is too few to test"


def test_without_any_comparable_feature_the_balance_is_not_shown():
    check = balance_check(replace(SOUND, rows=np.zeros((len(SOUND), 5))))
    assert (check.passed, check.value) == (False, None)


def test_holm_is_between_no_correction_and_bonferroni():
    values = np.array([0.001, 0.02, 0.5, 0.03])
    assert (holm(values) <= np.minimum(1, values * 4)).all()
    assert (holm(values) >= false_discovery_control(values)).all()
    assert holm(values)[0] == pytest.approx(0.004)


def test_contacted_control_people_fail_above_one_percent():
    assert contamination_check(ContactedControls(1_000, 10, "c1")).passed
    check = contamination_check(ContactedControls(1_000, 11, "c1"))
    assert not check.passed
    assert check.sentence == "11 of 1,000 control rows got a message of their campaign, most in c1."
    unknown = contamination_check(None)
    assert unknown.value is None
    assert "unknown" in unknown.sentence


def test_probabilities_that_do_not_add_up_fail():
    assert probability_check(np.ones(100), 0.05).passed
    check = probability_check(np.concatenate([np.ones(90), np.full(10, 1.3)]), 0.05)
    assert not check.passed
    assert check.sentence.startswith("Recorded probabilities add up to 1 within 0.05 for 90.0% of the rows: the cond")

"""Learners find effects that are there, predict the same when stored, and refuse what does not suit them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from actions.experiment import Experiment, ExperimentError
from actions.uplift.learners import CLASS_TRANSFORMATION, LEARNERS, Learner, calibrated, learners_for
from actions.uplift.pseudo_outcomes import (
    LearnerInput,
    OutcomeModel,
    cross_fit_outcome,
    people_folds,
    precision_weights,
    pseudo_outcomes,
    screen_columns,
    select_columns,
)
from actions.uplift.uplift_model import UpliftBundle
from actions.uplift.version import write_uplift_bundle
from benchmarks.actions.simulated_experiments import SimulatedExperiment, simulate

every_learner = pytest.mark.parametrize("learner", [*LEARNERS, CLASS_TRANSFORMATION], ids=lambda learner: learner.name)


def learner_input(experiment: Experiment) -> LearnerInput:
    columns = screen_columns(experiment)
    _, log_odds = cross_fit_outcome(experiment, people_folds(experiment), columns, 1)
    outcome = OutcomeModel.fit(experiment, columns, 1)
    return LearnerInput(experiment, log_odds, outcome, select_columns(experiment, log_odds, outcome), 1)


def scaled(simulated: SimulatedExperiment) -> tuple[SimulatedExperiment, LearnerInput]:
    return simulated, learner_input(simulated.experiment)


@pytest.fixture(scope="module")
def one_action() -> tuple[SimulatedExperiment, LearnerInput]:
    return scaled(simulate(1, rows=4000, truth="split", actions=1, width=8, treated_share=0.4))


@pytest.fixture(scope="module")
def two_actions() -> tuple[SimulatedExperiment, LearnerInput]:
    return scaled(simulate(2, rows=6000, truth="split", actions=2, width=8, treated_share=2 / 3))


@pytest.mark.parametrize("name", ["s_xgboost", "t_logistic", "x_linear", "dr_linear", "dr_boosted"])
def test_a_learner_finds_who_is_helped(name: str, two_actions: tuple[SimulatedExperiment, LearnerInput]):
    learner = next(learner for learner in LEARNERS if learner.name == name)
    bundle = learner.fit(two_actions[1])
    new = simulate(99, rows=3000, truth="split", actions=2, width=8)
    predicted = bundle.raw_effects(new.experiment.rows)
    assert predicted.shape == new.effects.shape
    for action in range(2):
        assert np.corrcoef(predicted[:, action], new.effects[:, action])[0, 1] > 0.4


def test_class_transformation_finds_it_by_weights_where_arms_are_not_equally_likely(
    one_action: tuple[SimulatedExperiment, LearnerInput],
):
    simulated, rows = one_action
    predicted = CLASS_TRANSFORMATION.fit(rows).raw_effects(simulated.experiment.rows)[:, 0]
    helped = simulated.effects[:, 0] > 0
    assert predicted[helped].mean() - predicted[~helped].mean() > 0.08
    assert predicted.mean() == pytest.approx(simulated.effects.mean(), abs=0.05)


def test_class_transformation_is_refused_for_several_actions(two_actions: tuple[SimulatedExperiment, LearnerInput]):
    with pytest.raises(ExperimentError, match=r"needs one action and control, but the experiment has 3 arms"):
        CLASS_TRANSFORMATION.fit(two_actions[1])
    assert CLASS_TRANSFORMATION not in learners_for(two_actions[0].experiment)


def test_class_transformation_is_tried_for_one_action(one_action: tuple[SimulatedExperiment, LearnerInput]):
    assert CLASS_TRANSFORMATION in learners_for(one_action[0].experiment)


def test_the_risk_baseline_is_in_proportion_to_the_predicted_churn(
    two_actions: tuple[SimulatedExperiment, LearnerInput],
):
    simulated, rows = two_actions
    bundle = next(learner for learner in LEARNERS if learner.name == "risk").fit(rows)
    effects = bundle.raw_effects(simulated.experiment.rows)
    churn = bundle.churn("outcome", bundle.outcome_columns(simulated.experiment.rows))
    assert np.allclose(effects, churn[:, None] * np.array(bundle.card["per_risk"]))


@every_learner
def test_a_stored_learner_predicts_the_same(
    learner: Learner, one_action: tuple[SimulatedExperiment, LearnerInput], tmp_path: Path
):
    simulated, rows = one_action
    bundle = calibrated(learner.fit(rows), np.array([0.02]), 0.5, np.array([0.01]))
    write_uplift_bundle(tmp_path / "bundle", bundle, {"project": "shop", "population": "uplift"})
    stored = UpliftBundle.read(tmp_path / "bundle")
    before, after = bundle.effects(simulated.experiment.rows), stored.effects(simulated.experiment.rows)
    assert np.isfinite(before).all()
    assert np.array_equal(before, after)
    assert not [path.name for path in (tmp_path / "bundle").rglob("*") if path.suffix in {".pkl", ".pickle"}]


@every_learner
def test_a_learner_without_slope_gives_everybody_the_average(
    learner: Learner, one_action: tuple[SimulatedExperiment, LearnerInput]
):
    bundle = calibrated(learner.fit(one_action[1]), np.array([0.02]), 0.0, np.array([0.01]))
    assert set(bundle.effects(one_action[0].experiment.rows[:50]).ravel()) == {0.02}


def test_the_mean_of_pseudo_outcomes_is_the_effect_whatever_the_outcome_model():
    simulated = simulate(3, rows=40_000, truth="constant", actions=2, width=6)
    for log_odds in (np.zeros(40_000), np.full(40_000, -1.5), np.log(simulated.risk / (1 - simulated.risk))):
        pseudo = pseudo_outcomes(simulated.experiment, log_odds)
        error = pseudo.std(axis=0) / np.sqrt(len(pseudo))
        assert (np.abs(pseudo.mean(axis=0) - simulated.effects.mean(axis=0)) < 4 * error).all()


def test_rows_that_could_not_get_an_action_have_no_pseudo_outcome_and_no_weight():
    experiment = simulate(4, rows=200, actions=2, width=6).experiment
    probability = np.where(experiment.arm[:, None] == 1, experiment.probability, [0.5, 0.0, 0.5])
    experiment = replace(experiment, probability=probability)
    closed = probability[:, 1] == 0
    pseudo, weights = pseudo_outcomes(experiment, np.zeros(200)), precision_weights(experiment)
    assert (np.isnan(pseudo[:, 0]) == closed).all()
    assert ((weights[:, 0] == 0) == closed).all()
    assert not np.isnan(pseudo[:, 1]).any()


def test_an_arm_in_which_nobody_left_is_a_sentence():
    experiment = simulate(5, rows=300, actions=1, width=6).experiment
    stayed = replace(experiment, outcome=np.where(experiment.arm == 1, 1.0, experiment.outcome))
    learner = next(learner for learner in LEARNERS if learner.name == "t_logistic")
    with pytest.raises(ExperimentError, match=r"Arm action_1: Of \d+ rows 0 left"):
        learner.fit(learner_input(stayed))


def test_of_many_columns_those_of_the_outcome_and_of_the_effect_are_selected():
    simulated = simulate(6, rows=6000, truth="split", actions=1, width=100, treated_share=0.5)
    rows = learner_input(simulated.experiment)
    assert len(rows.columns) == 36
    assert {0, 1, 2} <= set(rows.columns), "risk is in the first two columns, the effect in the third"

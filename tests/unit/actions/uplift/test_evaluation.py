"""A learner is chosen on earlier campaigns and judged once on later ones; without differences effects are constant."""

from dataclasses import replace

import numpy as np
import pytest

from actions.experiment import ExperimentError
from actions.uplift.evaluation import (
    BY_PERSON,
    JUDGED_SHARE,
    OUT_OF_TIME,
    evaluate_learners,
    split_experiment,
)
from actions.uplift.learners import CONSTANT, LEARNERS, Learner
from benchmarks.actions.simulated_experiments import simulate

FEW = tuple(learner for learner in LEARNERS if learner.name in {"constant", "s_xgboost", "dr_linear"})


def test_later_campaigns_judge_and_no_campaign_is_in_both_parts():
    experiment = simulate(1, rows=2000, width=6, campaigns=8).experiment
    split = split_experiment(experiment)
    assert split.validation == OUT_OF_TIME
    assert split.development.assigned_on.max() < split.judged.assigned_on.min()
    assert len(set(split.judged.campaigns)) >= 2
    assert JUDGED_SHARE <= len(split.judged) / len(experiment) < 0.45
    assert len(split.development) + len(split.judged) == len(experiment)


def test_of_two_campaigns_the_later_one_judges():
    split = split_experiment(simulate(1, rows=500, width=6, campaigns=2).experiment)
    assert set(split.development.campaigns) == {"c0"}
    assert set(split.judged.campaigns) == {"c1"}


def test_people_of_a_single_campaign_are_split_and_the_evidence_can_say_so():
    experiment = simulate(2, rows=2000, width=6, campaigns=1).experiment
    split = split_experiment(experiment)
    assert split.validation == BY_PERSON
    assert not set(split.development.people) & set(split.judged.people)
    assert 0.2 < len(split.judged) / len(experiment) < 0.4


def test_an_arm_without_later_rows_is_a_sentence():
    experiment = simulate(3, rows=1000, width=6, campaigns=4).experiment
    late = np.isin(experiment.campaigns, ["c2", "c3"])
    experiment = experiment.select(~(late & (experiment.arm == 2)))
    with pytest.raises(ExperimentError, match="The later campaigns have no row of action_2, so its effect"):
        split_experiment(experiment)


def test_differences_that_are_there_are_usable_and_the_chosen_effects_are_right():
    simulated = simulate(4, rows=6000, truth="split", actions=2, width=8, treated_share=2 / 3)
    evaluation = evaluate_learners(simulated.experiment, np.zeros(2), 1, learners=FEW)
    assert evaluation.is_usable
    assert evaluation.selected.learner.name == evaluation.chosen != CONSTANT.name
    new = simulate(77, rows=3000, truth="split", actions=2, width=8)
    predicted = evaluation.selected.bundle.effects(new.experiment.rows)
    assert np.corrcoef(predicted[:, 0], new.effects[:, 0])[0, 1] > 0.6
    assert predicted.mean(axis=0) == pytest.approx(new.effects.mean(axis=0), abs=0.03)


def test_without_any_effect_the_constant_effect_is_selected():
    simulated = simulate(5, rows=3000, truth="null", actions=2, width=8)
    evaluation = evaluate_learners(simulated.experiment, np.zeros(2), 1, learners=FEW)
    assert not evaluation.is_usable
    assert evaluation.selected.learner is CONSTANT
    effects = evaluation.selected.bundle.effects(simulated.experiment.rows[:10])
    assert len(np.unique(effects, axis=0)) == 1


def test_equal_rows_and_seed_give_equal_figures():
    experiment = simulate(6, rows=1500, truth="split", actions=2, width=6).experiment
    first, second = (evaluate_learners(experiment, np.zeros(2), 3, learners=FEW) for _ in range(2))
    assert first.chosen == second.chosen
    for name in first.learners:
        assert first.judged[name].area.interval() == second.judged[name].area.interval()
        assert first.learners[name].bundle.card == second.learners[name].bundle.card


def test_the_judged_rows_do_not_influence_what_is_fitted():
    experiment = simulate(7, rows=1500, truth="split", actions=2, width=6).experiment
    later = np.isin(experiment.campaigns, list(set(split_experiment(experiment).judged.campaigns)))
    changed = replace(
        experiment,
        outcome=np.where(later, 1 - experiment.outcome, experiment.outcome),
        rows=np.where(later[:, None], experiment.rows + 5.0, experiment.rows),
    )
    first, second = (evaluate_learners(rows, np.zeros(2), 3, learners=FEW) for rows in (experiment, changed))
    for name in first.learners:
        assert first.learners[name].bundle.card == second.learners[name].bundle.card


def test_a_learner_that_does_not_suit_the_rows_is_left_out_with_its_reason():
    experiment = simulate(8, rows=1500, truth="split", actions=2, width=6).experiment
    unsuited = Learner("transformed", "class_transformation", "needs one action")
    said: list[str] = []
    evaluation = evaluate_learners(experiment, np.zeros(2), 1, said.append, (*FEW, unsuited))
    assert "needs one action and control" in evaluation.failures["transformed"]
    assert said == [f"uplift · transformed is left out: {evaluation.failures['transformed']}"]
    assert set(evaluation.learners) == {learner.name for learner in FEW}

"""The search finds the same again with the same seed, goes on after a kill, and prunes poor trials."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from features import monthly
from tests.unit.builders import frame
from training.data.folds import time_series_split
from training.data.frame import Frame
from training.search.candidates import _trial_result
from training.search.cross_validation import CrossValidation, cross_validate
from training.search.search import (
    ROUND,
    Budget,
    Trial,
    best,
    search,
    should_prune,
)

DATES = monthly(date(1997, 1, 1), date(1997, 8, 1))
SPLIT = time_series_split(DATES, timedelta(days=60), out_of_time=1, folds=2)
FRAME = frame(DATES, entities=80)
#: half of a family's usual rounds, to be quick.
FIXED: dict[str, dict[str, Any]] = {"recency": {"recency": 0}, "logistic": {}, "xgboost": {"rounds": 20}}


def run(
    trials: int = 6, seed: int = 5, rows: Frame = FRAME, fixed: dict[str, dict[str, Any]] = FIXED,
    done: dict[int, Trial] | None = None, minutes: float | None = None,
) -> tuple[list[Trial], list[Trial]]:  # fmt: skip
    """All trials, and those that were judged."""
    text: list[Trial] = []
    return search(
        fixed, CrossValidation(rows, SPLIT.folds, seed=5), Budget(trials, minutes), seed, text.append, done
    ), text


WHOLE = run()[0]


def test_declared_sets_come_first_and_then_as_many_as_the_budget_says():
    assert [trial.number for trial in WHOLE] == list(range(1, 11))
    assert [trial.params.get("C") for trial in WHOLE[:3]] == [0.1, 0.01, 0.001]
    assert WHOLE[3].family == "xgboost"
    assert {trial.family for trial in WHOLE[4:]} == {"xgboost"}
    assert [trial.number for trial in run(trials=0)[0]] == [1, 2, 3, 4]


def test_proposals_go_over_all_families_that_have_something_to_search():
    both = run(fixed={"xgboost": {"rounds": 10}, "catboost": {"iterations": 10}}, trials=8)[0]
    assert {trial.family for trial in both[2:]} == {"xgboost", "catboost"}
    assert {trial.params.get("half_life") for trial in both[2:]} > {None}


def test_after_twenty_sets_the_family_that_does_better_is_proposed_more():
    fixed = {"catboost": {"iterations": 5}, "xgboost": {"rounds": 5, "eta": 0.0}}  # learns nothing
    families = [trial.family for trial in run(fixed=fixed, trials=36)[0]]
    assert families[2:20].count("xgboost") > 3
    assert families[22:].count("catboost") >= 12


def test_a_family_gets_the_parameters_of_its_best_complete_trial():
    complete = [trial for trial in WHOLE if trial.family == "xgboost" and not trial.pruned]
    assert best(WHOLE, "xgboost", {}) == max(complete, key=lambda trial: trial.auc).params
    assert best(WHOLE, "recency", {"recency": 0}) == {"recency": 0}


def test_what_a_trial_reports_is_what_its_parameters_give():
    for trial in (WHOLE[1], WHOLE[3], *WHOLE[-2:]):
        repeated = cross_validate(trial.family, trial.params, FRAME, SPLIT.folds, seed=5)
        assert trial.fold_aucs == tuple(score.auc for score in repeated)[: len(trial.fold_aucs)]
        assert trial.auc == np.mean(trial.fold_aucs)


def test_equal_seeds_try_equal_parameters_and_other_seeds_others():
    assert run()[0] == WHOLE
    assert [trial.params for trial in run(seed=6)[0]] != [trial.params for trial in WHOLE]


@pytest.mark.parametrize("killed_after", [4, 6, 10])
def test_a_killed_search_resumes_and_ends_with_the_same_trials(killed_after: int):
    done = {trial.number: trial for trial in WHOLE[:killed_after]}
    trials, text = run(done=done)
    assert [trial.number for trial in text] == list(range(killed_after + 1, 11))
    assert trials == WHOLE


def test_gaps_that_threads_left_are_filled():
    done = {trial.number: trial for trial in WHOLE if trial.number not in (2, 6)}
    trials, text = run(done=done)
    assert [trial.number for trial in text] == [2, 6]
    assert trials == WHOLE


def test_minutes_that_are_over_end_the_search_after_its_round():
    assert len(run(trials=100, minutes=1e-9)[0]) == 4
    spent = {1: replace(WHOLE[0], spent=3600.0)}
    assert len(run(trials=100, minutes=60, done=spent)[0]) == 4
    assert Budget(100, 1.0).left(8, 59.9) == ROUND
    assert Budget(10, 1.0).left(8, 59.9) == 2
    assert Budget(10, 1.0).left(8, 60.0) == 0


def test_a_tie_goes_to_the_earlier_trial():
    trials = run(rows=replace(FRAME, rows=np.zeros_like(FRAME.rows)), trials=2)[0]
    assert {trial.auc for trial in trials} == {0.5}
    assert best(trials, "xgboost", {}) == trials[3].params != trials[4].params


@pytest.mark.parametrize(
    ("aucs", "earlier", "stop"),
    [
        pytest.param((), [(0.9,), (0.9,), (0.9,)], False, id="before the first fold"),
        pytest.param((0.7,), [(0.8, 0.8), (0.8, 0.8)], False, id="too few before it"),
        pytest.param((0.7,), [(0.8, 0.8), (0.8,), (0.6, 0.9)], True, id="below the median at the same fold"),
        pytest.param((0.8,), [(0.8, 0.8), (0.8,), (0.6, 0.9)], False, id="at the median"),
        pytest.param((0.7, 0.8), [(0.8, 0.9), (0.8,), (0.8, 0.9)], False, id="few came as far"),
    ],
)
def test_a_trial_below_the_median_of_its_family_is_hopeless(
    aucs: tuple[float, ...], earlier: list[tuple[float, ...]], stop: bool
):
    assert should_prune(aucs, earlier) == stop


def test_a_pruned_trial_has_no_further_folds_and_is_never_chosen():
    trials = run(trials=16)[0]
    stopped = [trial for trial in trials if trial.pruned]
    assert stopped
    assert {len(trial.fold_aucs) for trial in stopped} == {1}
    assert best(stopped, "xgboost", {"eta": 1}) == {"eta": 1}


def test_numbers_are_short_enough_to_be_logged_as_they_are_used():
    for trial in WHOLE:
        for value in trial.params.values():
            assert float(f"{value:.5g}") == value


def test_a_parameter_that_the_project_fixes_is_not_searched():
    trials = run(fixed={"xgboost": {"rounds": 10, "max_depth": 1, "half_life": 90}}, trials=3)[0]
    assert {(trial.params["max_depth"], trial.params["half_life"]) for trial in trials} == {(1, 90)}
    assert len(run(fixed={"logistic": {"C": 1.0}})[0]) == 0


def test_a_trial_that_was_stopped_early_shows_its_folds_and_no_mean_of_them():
    assert _trial_result(Trial(3, "xgboost", {}, (0.8, 0.84)), 2) == "mean AUC of 2 folds 0.8200"
    stopped = Trial(10, "xgboost", {}, (0.8717,), pruned=True)
    assert _trial_result(stopped, 3) == "stopped early, below the median: AUC of fold 0.8717 (first 1 of 3 folds only)"

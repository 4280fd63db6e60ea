"""The search returns what scored best, and the same again with the same seed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from features import monthly
from tests.unit.builders import frame
from training.candidate import judge_folds
from training.folds import split
from training.frame import Frame
from training.search import Trial, search

DATES = monthly(date(1997, 1, 1), date(1997, 8, 1))
CUT = split(DATES, timedelta(days=60), out_of_time=1, folds=2)
FRAME = frame(DATES, entities=80)


def run(
    name: str = "xgboost", seed: int = 5, trials: int = 3, rows: Frame = FRAME, **fixed: Any
) -> tuple[dict[str, Any], list[Trial]]:
    told: list[Trial] = []
    return search(name, rows, CUT, {"nthread": 1, **fixed}, trials, seed, told.append), told


def test_the_parameters_are_those_of_the_best_trial():
    params, told = run()
    assert [trial.number for trial in told] == [1, 2, 3]
    assert len({trial.auc for trial in told}) == 3
    assert params == max(told, key=lambda trial: trial.auc).params


def test_what_a_trial_reports_is_what_its_parameters_give():
    params, told = run()
    best = max(told, key=lambda trial: trial.auc)
    again = judge_folds("xgboost", params, FRAME, CUT.folds, seed=5)
    assert tuple(score.auc for score in again) == best.fold_aucs
    assert best.auc == np.mean(best.fold_aucs)


def test_equal_seeds_try_equal_parameters_and_other_seeds_others():
    first, again, other = run(), run(), run(seed=6)
    assert first == again
    assert [trial.params for trial in first[1]] != [trial.params for trial in other[1]]


def test_a_tie_goes_to_the_earlier_trial():
    blind = replace(FRAME, rows=np.zeros_like(FRAME.rows))
    params, told = run(rows=blind)
    assert {trial.auc for trial in told} == {0.5}
    assert params == told[0].params != told[1].params


@pytest.mark.parametrize(
    ("name", "trials"),
    [
        pytest.param("logistic", 3, id="a family with nothing to search"),
        pytest.param("xgboost", 0, id="no trial wanted"),
    ],
)
def test_without_a_search_the_parameters_are_the_fixed_ones(name: str, trials: int):
    assert run(name, trials=trials) == ({"nthread": 1}, [])


def test_numbers_are_short_enough_to_be_logged_as_they_are_used():
    _, told = run()
    for trial in told:
        for value in trial.params.values():
            assert float(f"{value:.5g}") == value


def test_a_parameter_that_the_project_fixes_is_not_searched():
    params, told = run(max_depth=1, trials=2)
    assert {trial.params["max_depth"] for trial in told} == {params["max_depth"]} == {1}

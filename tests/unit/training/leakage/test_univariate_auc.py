"""The AUC of a single feature against the bootstrap and by hand."""

import numpy as np
import pytest

from training import auc, univariate_auc
from training.evaluate.auc import auc_draws

RNG = np.random.default_rng(6)
PEOPLE = np.repeat(np.arange(150), 4)
HABIT = RNG.normal(size=150)
LEFT = (RNG.random(600) < 0.3).astype(int)
VALUES = np.round(HABIT[PEOPLE] + RNG.normal(scale=0.3, size=600) + 0.5 * LEFT, 1)


def test_the_auc_counts_pairs_with_ties_as_half():
    result = univariate_auc(np.array([1, 1, 0, 0]), np.array([3.0, 1.0, 1.0, 0.0]), np.arange(4))
    assert result.auc == 3.5 / 4


def test_the_area_is_that_of_the_metrics_and_nulls_are_left_out():
    holes = np.where(np.arange(600) % 5 == 0, np.nan, VALUES)
    present = ~np.isnan(holes)
    assert univariate_auc(LEFT, holes, PEOPLE).auc == pytest.approx(auc(LEFT[present], holes[present]), abs=1e-12)


def test_the_error_is_that_of_a_bootstrap_over_people():
    draws = auc_draws(LEFT, VALUES, PEOPLE, seed=1)
    assert univariate_auc(LEFT, VALUES, PEOPLE).error == pytest.approx(np.std(draws), rel=0.1)


def test_a_row_repeated_adds_no_certainty_if_it_is_the_same_persons():
    people = np.arange(600)
    once = univariate_auc(LEFT, VALUES, people)
    twice = univariate_auc(np.tile(LEFT, 2), np.tile(VALUES, 2), np.tile(people, 2))
    assert twice.error == pytest.approx(once.error, rel=1e-9)
    others = univariate_auc(np.tile(LEFT, 2), np.tile(VALUES, 2), np.arange(1200))
    assert others.error == pytest.approx(once.error / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize(
    ("values", "riskier"),
    [(LEFT + RNG.normal(size=600), "high"), (RNG.normal(size=600) - LEFT, "low"), (np.zeros(600), "")],
)
def test_which_values_are_riskier(values: np.ndarray, riskier: str):
    assert univariate_auc(LEFT, values, np.arange(600)).riskier == riskier


@pytest.mark.parametrize("labels", [np.zeros(4, int), np.ones(4, int)])
def test_one_class_has_no_area_and_no_direction(labels: np.ndarray):
    result = univariate_auc(labels, np.arange(4.0), np.arange(4))
    assert np.isnan([result.auc, result.error]).all()
    assert result.riskier == ""

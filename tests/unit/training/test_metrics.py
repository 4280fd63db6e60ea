"""Metrics agree with scikit-learn, and intervals with what they promise."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.metrics import auc, auc_draws, calibration_error, calibration_table, entity_weights, interval, recall_at

#: few different scores, so that ties are the rule; weights may be 0, as in a bootstrap.
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3), st.integers(0, 3)), min_size=2, max_size=60)


@given(rows=rows, weighted=st.booleans())
def test_auc_is_scikit_learns_with_ties_and_weights(rows: list[tuple[int, int, int]], weighted: bool):
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    scores, weights = scores / 7, weights.astype(float) if weighted else np.ones(len(rows))
    assume(weights[labels == 0].sum() > 0)
    assume(weights[labels == 1].sum() > 0)
    expected = roc_auc_score(labels, scores, sample_weight=weights)
    assert auc(labels, scores, weights if weighted else None) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "weights"),
    [
        pytest.param([1, 1, 1], None, id="everybody left"),
        pytest.param([0, 0, 0], None, id="everybody stayed"),
        pytest.param([0, 1, 1], [0.0, 1.0, 1.0], id="those who stayed were not drawn"),
    ],
)
def test_auc_of_one_class_is_not_a_number(labels: list[int], weights: list[float] | None):
    assert np.isnan(auc(np.array(labels), np.arange(3.0), None if weights is None else np.array(weights)))


@pytest.fixture
def sample() -> tuple[NDArray[np.int_], NDArray[np.float64], NDArray[np.int_]]:
    """300 entities, one row each."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 300)
    return labels, labels + rng.normal(0, 1.5, 300), np.arange(300)


Sample = tuple[NDArray[np.int_], NDArray[np.float64], NDArray[np.int_]]


def test_the_interval_holds_the_value_and_the_truth(sample: Sample):
    labels, scores, entity = sample
    found = interval(auc(labels, scores), auc_draws(labels, scores, entity, seed=1))
    assert 0.6 < found.low < found.value < found.high < 0.8
    # Two normal scores of spread 1.5, a distance of 1 apart: the chance that one exceeds the other.
    assert found.low < 0.6813 < found.high


def test_rows_of_one_entity_count_as_one_observation(sample: Sample):
    labels, scores, entity = (np.repeat(part, 4) for part in sample)
    by_entity = interval(0.0, auc_draws(labels, scores, entity, seed=1))
    by_row = interval(0.0, auc_draws(labels, scores, np.arange(len(labels)), seed=1))
    # Four copies hold no more than one row: the interval by row is half as wide as it should be.
    assert (by_entity.high - by_entity.low) / (by_row.high - by_row.low) == pytest.approx(2.0, rel=0.1)


def test_equal_seeds_draw_equal_entities_whatever_the_scores(sample: Sample):
    labels, scores, entity = sample
    draws = auc_draws(labels, scores, entity, seed=1)
    assert np.array_equal(draws, auc_draws(labels, np.exp(scores), entity, seed=1))
    assert not np.array_equal(draws, auc_draws(labels, scores, entity, seed=2))


def test_entities_may_be_named_by_text(sample: Sample):
    labels, scores, entity = sample
    named = np.array([f"user {number:04}" for number in entity], dtype=object)
    assert np.array_equal(auc_draws(labels, scores, named, seed=1), auc_draws(labels, scores, entity, seed=1))


def test_every_replicate_draws_as_many_entities_as_there_are():
    entity = np.array([1, 1, 1, 2, 3, 3])
    weights = np.concatenate(list(entity_weights(entity, seed=5)))
    first_rows = weights[:, [0, 3, 4]]
    assert np.array_equal(first_rows.sum(axis=1), np.full(len(weights), 3.0))
    assert np.array_equal(weights[:, 0], weights[:, 2])


def test_replicates_with_one_class_are_left_out_of_the_interval():
    found = interval(0.8, np.array([np.nan, 0.7, 0.8, 0.9, np.nan]))
    assert 0.7 <= found.low <= 0.8 <= found.high <= 0.9


def test_an_interval_of_nothing_is_not_a_number():
    found = interval(0.8, np.array([np.nan, np.nan]))
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize(
    ("probability", "labels", "expected"),
    [
        pytest.param([0.3] * 100, [0, 0, 1, 0, 1, 0, 0, 1, 0, 0] * 10, 0.0, id="as often as said, in every bin"),
        pytest.param([0.0] * 50 + [1.0] * 50, [0] * 50 + [1] * 50, 0.0, id="certain and right"),
        pytest.param([0.5] * 100, [0, 0, 1, 0, 1, 0, 0, 1, 0, 0] * 10, 0.2, id="two tenths too bold"),
        pytest.param([0.0] * 50 + [1.0] * 50, [1] * 50 + [0] * 50, 1.0, id="certain and wrong"),
        pytest.param([0.2, 0.8], [0, 1], 0.2, id="fewer rows than bins"),
    ],
)
def test_calibration_error_is_the_mean_distance_from_what_happened(
    probability: list[float], labels: list[int], expected: float
):
    assert calibration_error(np.array(labels), np.array(probability)) == pytest.approx(expected, abs=1e-12)


def test_a_calibration_table_holds_every_row_once():
    rng = np.random.default_rng(0)
    predicted, _, share = calibration_table(rng.integers(0, 2, 103), rng.random(103))
    assert share.sum() == pytest.approx(1.0)
    assert np.all(np.diff(predicted) >= 0)


@pytest.mark.parametrize(
    ("budget", "found"),
    [
        pytest.param(0.1, 0.25, id="one contact, and it is right"),
        pytest.param(0.3, 0.50, id="three contacts, two right"),
        pytest.param(0.01, 0.25, id="less than one contact is one"),
        pytest.param(1.0, 1.00, id="everybody"),
    ],
)
def test_recall_counts_those_found_among_the_most_likely(budget: float, found: float):
    labels = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 1])
    assert recall_at(labels, np.linspace(0.9, 0.1, 10), budget) == found

"""Metrics agree with scikit-learn."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from training.evaluate.auc import auc
from training.evaluate.metrics import calibration_error, calibration_table

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

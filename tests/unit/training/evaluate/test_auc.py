"""What is found by budget, and precision, are those of counting."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from training.evaluate.auc import Ranking

rows = st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3), st.integers(0, 3)), min_size=2, max_size=40)


@given(rows=rows)
def test_average_precision_is_scikit_learns_with_ties_and_weights(rows: list[tuple[int, int, int]]):
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    assume(weights[labels == 1].sum() > 0)
    result = Ranking(labels, scores / 7)(weights[None, :])["average_precision"]
    assert result[0] == pytest.approx(average_precision_score(labels, scores, sample_weight=weights), abs=1e-12)


@given(rows=rows, budget=st.floats(0.01, 1.0))
def test_rows_drawn_several_times_are_found_as_if_they_were_written_several_times(
    rows: list[tuple[int, int, int]], budget: float
):
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    assume(weights.sum() > 0)
    drawn = Ranking(labels, scores / 7, budgets=[budget])(weights[None, :])
    written = Ranking(labels.repeat(weights), scores.repeat(weights) / 7, budgets=[budget])(np.ones((1, weights.sum())))
    for name in ("contacted", "found", "left"):
        assert drawn[name] == pytest.approx(written[name], abs=1e-12)


@pytest.mark.parametrize(
    ("budget", "result"),
    [
        pytest.param(0.1, 0.25, id="one contact, and it is right"),
        pytest.param(0.3, 0.50, id="three contacts, two right"),
        pytest.param(0.01, 0.25, id="less than one contact is one"),
        pytest.param(1.0, 1.00, id="everybody"),
    ],
)
def test_found_are_those_who_left_among_the_most_likely(budget: float, result: float):
    labels = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 1])
    text = Ranking(labels, np.linspace(0.9, 0.1, 10), budgets=[budget])(np.ones((1, 10)))
    assert text["found"][0, 0] / text["left"][0] == result
    assert text["contacted"][0, 0] == max(0.1, budget)

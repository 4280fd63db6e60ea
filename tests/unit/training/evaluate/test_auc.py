"""ROC-AUC, average precision and churners by budget equal those of scikit-learn and of counting."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from training.evaluate.auc import RankingMetrics, WeightedAuc

rows = st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3), st.integers(0, 3)), min_size=2, max_size=40)


@given(rows=rows)
def test_average_precision_is_scikit_learns_with_ties_and_weights(rows: list[tuple[int, int, int]]):
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    assume(weights[labels == 1].sum() > 0)
    result = RankingMetrics(labels, scores / 7)(weights[None, :])["average_precision"]
    assert result[0] == pytest.approx(average_precision_score(labels, scores, sample_weight=weights), abs=1e-12)


@given(rows=rows, budget=st.floats(0.01, 1.0))
def test_a_weight_counts_like_repeated_rows(rows: list[tuple[int, int, int]], budget: float):
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    assume(weights.sum() > 0)
    drawn = RankingMetrics(labels, scores / 7, budgets=[budget])(weights[None, :])
    repeated = RankingMetrics(labels.repeat(weights), scores.repeat(weights) / 7, budgets=[budget])
    written = repeated(np.ones((1, weights.sum())))
    for name in ("contacted", "found", "left"):
        assert drawn[name] == pytest.approx(written[name], abs=1e-12)


@pytest.mark.parametrize(
    ("budget", "recall"),
    [
        pytest.param(0.1, 0.25, id="one contact, and it is right"),
        pytest.param(0.3, 0.50, id="three contacts, two right"),
        pytest.param(0.01, 0.25, id="less than one contact is one"),
        pytest.param(1.0, 1.00, id="everybody"),
    ],
)
def test_recall_counts_the_churners_with_the_highest_scores(budget: float, recall: float):
    labels = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 1])
    metrics = RankingMetrics(labels, np.linspace(0.9, 0.1, 10), budgets=[budget])(np.ones((1, 10)))
    assert metrics["found"][0, 0] / metrics["left"][0] == recall
    assert metrics["contacted"][0, 0] == max(0.1, budget)


@given(
    labels=st.lists(st.integers(0, 1), min_size=2, max_size=30).filter(lambda item: 0 < sum(item) < len(item)),
    steps=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_auc_with_ties_and_weights_equals_scikit_learn(labels: list[int], steps: int, seed: int):
    rng = np.random.default_rng(seed)
    y, scores = np.array(labels), rng.integers(0, steps, len(labels)) / steps
    weights = rng.integers(0, 4, (1, len(labels))).astype(np.uint8)
    weights[0, [y.argmax(), y.argmin()]] = 2
    expected = [roc_auc_score(y, scores, sample_weight=weights[0])]
    assert WeightedAuc(y, {"score": scores})(weights)["score"] == pytest.approx(expected, abs=1e-12)
    assert RankingMetrics(y, scores)(weights)["auc"] == pytest.approx(expected, abs=1e-12)


def test_auc_of_some_rows_under_many_weightings_equals_scikit_learn():
    rng = np.random.default_rng(1)
    y, normal, tied = rng.integers(0, 2, 500), rng.normal(size=500), rng.integers(0, 9, 500) * 1.0
    rows, weights = np.flatnonzero(rng.random(500) < 0.4), rng.integers(0, 5, (20, 500)).astype(np.uint8)
    aucs = WeightedAuc(y, {"normal": normal, "tied": tied}, rows)(weights)
    for name, scores in (("normal", normal), ("tied", tied)):
        expected = [roc_auc_score(y[rows], scores[rows], sample_weight=drawn[rows]) for drawn in weights]
        np.testing.assert_allclose(aucs[name], expected, rtol=0, atol=1e-12)


def test_the_auc_of_a_draw_with_one_class_is_nan():
    weights = np.array([[1, 0, 0], [1, 1, 1]], dtype=np.uint8)
    aucs = WeightedAuc(np.array([1, 0, 0]), {"score": np.array([3.0, 1.0, 2.0])})(weights)["score"]
    assert np.isnan(aucs[0])
    assert aucs[1] == 1.0

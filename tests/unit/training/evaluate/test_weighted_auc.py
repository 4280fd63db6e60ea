"""Many scores' AUC at once, and still the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from training.evaluate.auc import Ranking
from training.evaluate.weighted_auc import Areas


@given(
    labels=st.lists(st.integers(0, 1), min_size=2, max_size=30).filter(lambda one: 0 < sum(one) < len(one)),
    steps=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_with_ties_and_weights_it_is_scikit_learns_area(labels: list[int], steps: int, seed: int):
    rng = np.random.default_rng(seed)
    y, scores = np.array(labels), rng.integers(0, steps, len(labels)) / steps
    weights = rng.integers(0, 4, (1, len(labels))).astype(np.uint8)
    weights[0, [y.argmax(), y.argmin()]] = 2
    found = Areas(y, {"own": scores})(weights)["own"]
    assert found == pytest.approx([roc_auc_score(y, scores, sample_weight=weights[0])], abs=1e-12)


def test_it_is_what_ranking_says_also_of_some_rows():
    rng = np.random.default_rng(1)
    y, one, other = rng.integers(0, 2, 500), rng.normal(size=500), rng.integers(0, 9, 500) * 1.0
    rows, weights = np.flatnonzero(rng.random(500) < 0.4), rng.integers(0, 5, (20, 500)).astype(np.uint8)
    found = Areas(y, {"one": one, "other": other}, rows)(weights)
    for name, scores in (("one", one), ("other", other)):
        same = Ranking(y[rows], scores[rows])(weights[:, rows])["auc"]
        np.testing.assert_allclose(found[name], same, rtol=0, atol=1e-12)


def test_a_draw_of_one_class_has_no_area():
    weights = np.array([[1, 0, 0], [1, 1, 1]], dtype=np.uint8)
    found = Areas(np.array([1, 0, 0]), {"own": np.array([3.0, 1.0, 2.0])})(weights)["own"]
    assert np.isnan(found[0])
    assert found[1] == 1.0

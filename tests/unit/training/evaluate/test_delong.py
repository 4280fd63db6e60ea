"""DeLong's variance is that of the formula, of pairs counted by hand, and of the bootstrap."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from training.evaluate.auc import RankingMetrics, auc
from training.evaluate.bootstrap import estimate
from training.evaluate.delong import delong

LABELS = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 1])
ONE = np.array([0.9, 0.8, 0.8, 0.6, 0.5, 0.5, 0.5, 0.3, 0.2, 0.1])
OTHER = np.array([0.7, 0.1, 0.9, 0.3, 0.6, 0.2, 0.8, 0.4, 0.3, 0.5])


def kernel(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where one who left is above one who stayed, half where equal: a row for each who left."""
    pairs = product(score[LABELS == 1], score[LABELS == 0])
    return np.array([(a > b) + 0.5 * (a == b) for a, b in pairs]).reshape(5, 5)


def test_with_a_row_each_it_is_delongs_formula_by_pairs_counted_one_by_one():
    kernels = [kernel(ONE), kernel(OTHER)]
    left = np.cov([item.mean(axis=1) for item in kernels])
    stayed = np.cov([item.mean(axis=0) for item in kernels])
    result = delong(LABELS, [ONE, OTHER], np.arange(10))
    assert result.auc == pytest.approx([auc(LABELS, ONE), auc(LABELS, OTHER)], abs=1e-12)
    assert result.covariance == pytest.approx(left / 5 + stayed / 5, abs=1e-12)
    gap, variance = result.difference(0, 1), result.covariance @ [1, -1] @ [1, -1]
    assert gap.value == pytest.approx(auc(LABELS, ONE) - auc(LABELS, OTHER))
    assert gap.high - gap.value == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)


def test_with_rows_of_persons_it_is_obuchowskis_sums_written_out():
    entity = np.array([0, 0, 1, 2, 2, 3, 3, 4, 1, 4])
    of, area = kernel(ONE), auc(LABELS, ONE)
    left_of, stayed_of = of.mean(axis=1), of.mean(axis=0)
    a, b = np.zeros(5), np.zeros(5)
    for person, value in zip(entity[LABELS == 1], left_of, strict=True):
        a[person] += value - area
    for person, value in zip(entity[LABELS == 0], stayed_of, strict=True):
        b[person] += value - area
    with_left, with_stayed = len(set(entity[LABELS == 1])), len(set(entity[LABELS == 0]))
    expected = with_left / (with_left - 1) * (a @ a) / 25 + with_stayed / (with_stayed - 1) * (b @ b) / 25
    expected += 2 * 5 / 4 * (a @ b) / 25
    assert delong(LABELS, [ONE], entity).covariance[0, 0] == pytest.approx(expected, abs=1e-12)


def test_it_agrees_with_the_bootstrap_over_persons_who_have_several_rows():
    rng = np.random.default_rng(3)
    entity = np.repeat(np.arange(500), 3)
    tendency = np.repeat(rng.normal(size=500), 3)
    labels = np.repeat((rng.random(500) < 1 / (1 + np.exp(1.5 - tendency[::3]))).astype(int), 3)
    scores = [tendency + rng.normal(0, noise, 1500) for noise in (0.5, 1.5)]
    drawn = estimate({i: RankingMetrics(labels, score) for i, score in enumerate(scores)}, entity, seed=1)
    result = delong(labels, scores, entity)
    draws = np.array([drawn[i]["auc"].draws for i in (0, 1)])
    assert np.sqrt(np.diag(result.covariance)) == pytest.approx(draws.std(axis=1), rel=0.06)
    gap = result.difference(0, 1)
    assert (gap.high - gap.low) / 2 / 1.96 == pytest.approx((draws[0] - draws[1]).std(), rel=0.06)
    by_row = delong(labels, scores, np.arange(1500))
    assert by_row.covariance[0, 0] < 0.8 * result.covariance[0, 0]


def test_an_interval_of_an_auc_stays_within_0_and_1():
    result = delong(np.array([0, 0, 0, 1, 1, 1]), [np.array([1.0, 2, 5, 4, 6, 7])], np.arange(6)).interval(0)
    assert result.high == 1.0
    assert result.low < result.value


def test_the_same_score_twice_does_not_differ():
    gap = delong(LABELS, [ONE, ONE], np.arange(10)).difference(0, 1)
    assert (gap.value, gap.low, gap.high) == (0.0, pytest.approx(0.0, abs=1e-7), pytest.approx(0.0, abs=1e-7))


def test_a_single_person_has_no_interval():
    assert np.isnan(delong(LABELS, [ONE], np.zeros(10, dtype=int)).interval(0).low)

"""Intervals hold what they promise, and draws are of entities, paired, and the same for equal seeds."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.evaluate import bootstrap
from training.evaluate.auc import RankingMetrics, auc, auc_draws
from training.evaluate.bootstrap import (
    BootstrapEstimate,
    entity_weights,
    estimate,
    interval,
)


@pytest.fixture
def sample() -> tuple[NDArray[np.int_], NDArray[np.float64], NDArray[np.int_]]:
    """300 entities, one row each."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 300)
    return labels, labels + rng.normal(0, 1.5, 300), np.arange(300)


Sample = tuple[NDArray[np.int_], NDArray[np.float64], NDArray[np.int_]]


def test_the_interval_holds_the_value_and_the_truth(sample: Sample):
    labels, scores, entity = sample
    result = interval(auc(labels, scores), auc_draws(labels, scores, entity, seed=1))
    assert 0.6 < result.low < result.value < result.high < 0.8
    # Two normal scores of spread 1.5, a distance of 1 apart: the chance that one exceeds the other.
    assert result.low < 0.6813 < result.high


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
    assert np.array_equal(first_rows.sum(axis=1), np.full(len(weights), 3))
    assert np.array_equal(weights[:, 0], weights[:, 2])


def test_replicates_with_one_class_are_left_out_of_the_interval():
    result = interval(0.8, np.array([np.nan, 0.7, 0.8, 0.9, np.nan]))
    assert 0.7 <= result.low <= 0.8 <= result.high <= 0.9


def test_an_interval_of_nothing_is_not_a_number():
    result = interval(0.8, np.array([np.nan, np.nan]))
    assert np.isnan([result.low, result.high]).all()


def test_the_draws_do_not_depend_on_the_block_size(sample: Sample, monkeypatch: pytest.MonkeyPatch):
    labels, scores, entity = sample
    draws = auc_draws(labels, scores, entity, seed=1)
    monkeypatch.setattr(bootstrap, "FEWEST_REPLICATES", 7)
    monkeypatch.setattr(bootstrap, "WEIGHTS_AT_ONCE", 0)
    assert np.array_equal(draws, auc_draws(labels, scores, entity, seed=1))


def test_a_draw_is_what_scikit_learn_says_of_the_rows_drawn(sample: Sample):
    labels, scores, entity = sample
    weights = next(entity_weights(entity, seed=1))[:5]
    expected = [roc_auc_score(labels, scores, sample_weight=item) for item in weights]
    assert auc_draws(labels, scores, entity, seed=1)[:5] == pytest.approx(expected, abs=1e-12)


def test_two_statistics_see_the_same_draws_so_their_difference_is_paired(sample: Sample):
    labels, scores, entity = sample
    almost = scores + np.random.default_rng(4).normal(0, 0.2, len(scores))
    both = estimate({"one": RankingMetrics(labels, scores), "other": RankingMetrics(labels, almost)}, entity, seed=1)
    item, other = (both[name]["auc"] for name in ("one", "other"))
    assert np.array_equal(item.draws, auc_draws(labels, scores, entity, seed=1))
    difference = item - other
    assert np.array_equal(difference.draws, item.draws - other.draws)
    assert difference.draws.std() < 0.3 * np.hypot(item.draws.std(), other.draws.std())


def test_the_bias_of_the_draws_is_taken_off_a_mean_distance():
    draws = np.linspace(0.02, 0.04, 1001)
    plain, centred = (
        BootstrapEstimate(np.array(0.01), draws).interval(),
        BootstrapEstimate(np.array(0.01), draws).centred(),
    )
    assert plain.low > plain.value
    assert (centred.low, centred.high) == (pytest.approx(0.0005, abs=1e-4), pytest.approx(0.0195, abs=1e-4))
    assert BootstrapEstimate(np.array(0.001), draws).centred().low == 0.0


def test_nineteen_intervals_of_twenty_hold_the_truth(monkeypatch: pytest.MonkeyPatch):
    """Persons with three rows of one tendency each: an interval that took rows for persons would hold too rarely."""
    monkeypatch.setattr(bootstrap, "REPLICATES", 300)
    rng, content = np.random.default_rng(5), 0
    # Half leave; scores of those who left are a distance of 1 higher, persons vary by 1 and rows by 1.
    truth, worlds = 0.6915, 120
    for world in range(worlds):
        labels = np.repeat(rng.integers(0, 2, 80), 3)
        scores = labels + np.repeat(rng.normal(size=80), 3) + rng.normal(size=240)
        result = interval(0.0, auc_draws(labels, scores, np.repeat(np.arange(80), 3), seed=world))
        content += result.low <= truth <= result.high
    assert 0.90 <= content / worlds <= 0.99

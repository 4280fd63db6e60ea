"""Reasons add up to the score, and whether they stay when the model is made again is measured."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from features import monthly
from tests.unit.builders import feature, frame
from training.data.folds import split
from training.evaluate.reason_stability import (
    SAMPLE,
    agreement,
    attribution,
    first_reason,
    sample,
    stability,
    weights,
)
from training.models.churn_model import Attribution, attribute, calibrate
from training.models.families import NAMES, family
from training.models.fit import fit_family
from training.search.candidate import Candidate, fit_candidate

DATES = monthly(date(1997, 1, 1), date(1997, 8, 1))
CUT = split(DATES, timedelta(days=60), out_of_time=1, folds=2)
FRAME = frame(DATES)
SILENT, SPENDS = "Silent", "Spends little"
FEATURES = [
    feature("days_since_last", reason=SILENT),
    feature("sum", measure="minutes", reason=SPENDS),
    feature("count", reason=SILENT),
]
PARAMS: dict[str, dict[str, Any]] = {
    "recency": {"recency": 0},
    "logistic": {},
    "catboost": {"iterations": 20, "thread_count": 1},
    "xgboost": {"rounds": 60, "max_depth": 4, "eta": 0.3, "nthread": 1},
}


def small(name: str) -> dict[str, Any]:
    return PARAMS.get(name, {})


def fit(name: str = "logistic") -> Candidate:
    return fit_candidate(name, small(name), FRAME, replace(CUT, folds=()), seed=7)


@pytest.mark.parametrize("name", NAMES)
def test_base_and_reasons_add_up_to_the_margin(name: str):
    fitted = fit(name)
    text = attribution(fitted, FRAME.rows, FEATURES)
    margin = family(name).margin(fitted.native, FRAME.rows)
    assert text.names == (SILENT, SPENDS)
    assert np.abs(text.base + text.sums.sum(axis=1) - margin).max() <= 1e-6
    assert np.ptp(margin) > 0.5


@pytest.mark.parametrize("name", NAMES)
def test_a_reason_is_the_sum_of_its_features_but_for_the_rest_of_32_bit_floats(name: str):
    text = attribution(fit(name), FRAME.rows, FEATURES)
    assert np.abs(text.sums[:, 0] - text.features[:, 0] - text.features[:, 2]).max() < 2e-5
    assert np.abs(text.sums[:, 1] - text.features[:, 1]).max() < 2e-5


@pytest.mark.parametrize("name", NAMES)
def test_the_calibrated_score_follows_from_base_and_reasons(name: str):
    fitted = fit(name)
    text = attribution(fitted, FRAME.rows, FEATURES)
    score = calibrate(text.base + text.sums.sum(axis=1), fitted.calibration)
    assert np.abs(score - fitted.probability(FRAME.rows)).max() <= 1e-6


def test_a_model_that_says_the_same_of_all_has_a_base_and_no_reasons():
    same = np.full_like(FRAME.rows, 3.0)
    native = fit_family("catboost", same, FRAME.labels, {}, 7)
    text = attribute(family("catboost"), native, same, [SILENT, SPENDS, SILENT])
    assert text.base == pytest.approx(np.log(FRAME.labels.mean() / (1 - FRAME.labels.mean())))
    assert not text.sums.any()
    assert [item["share"] for item in weights(text)] == [0, 0]


ROWS = np.array([[3.0, 1.0, -2.0], [0.5, 2.0, 0.1], [-1.0, -2.0, -3.0]])


@pytest.mark.parametrize(
    ("item", "other", "top_same", "rank_correlation"),
    [
        pytest.param(ROWS, ROWS, 1.0, 1.0, id="the same model"),
        pytest.param(ROWS, 7 * ROWS, 1.0, 1.0, id="bolder in everything"),
        pytest.param(ROWS, -ROWS, 0.0, -1.0, id="turned about"),
        pytest.param([[2.0, 1.0, 0.0]], [[1.0, 2.0, 0.0]], 0.0, 0.5, id="the first two change places"),
        pytest.param([[2.0, 1.0, 0.0]], [[2.0, 0.0, 1.0]], 1.0, 0.5, id="the last two change places"),
        pytest.param([[-1.0, -2.0]], [[-2.0, -1.0]], 1.0, -1.0, id="neither has a reason to say"),
        pytest.param([[0.0, 0.0]], [[0.0, 0.0]], 1.0, 1.0, id="nothing moves either score"),
        pytest.param([[0.0, 0.0]], [[2.0, 1.0]], 0.0, 0.0, id="nothing moves the first score"),
        pytest.param([[2.0], [-1.0]], [[3.0], [1.0]], 0.5, 1.0, id="one reason, new for the second row"),
    ],
)
def test_agreement_of_two_models(item: Any, other: Any, top_same: float, rank_correlation: float):
    result = agreement(np.asarray(item), np.asarray(other))
    assert result == pytest.approx({"top_same": top_same, "rank_correlation": rank_correlation})


def test_the_first_reason_raises_the_risk_or_there_is_none():
    assert first_reason(ROWS).tolist() == [0, 1, -1]


def test_weights_are_shares_with_the_heaviest_first():
    text = Attribution((SILENT, SPENDS), 0.0, np.array([[1.0, -3.0], [1.0, 3.0], [1.0, -3.0]]), np.empty((3, 0)))
    assert weights(text) == [
        {"reason": SPENDS, "share": 0.75, "first": pytest.approx(1 / 3)},
        {"reason": SILENT, "share": 0.25, "first": pytest.approx(2 / 3)},
    ]


def test_the_retrain_is_the_same_family_without_the_latest_date():
    turned = FRAME.labels.copy()
    turned[FRAME.as_of == np.datetime64(CUT.development[-1])] = 0
    rows = FRAME.rows[:200]
    chosen = fit()
    text = attribution(chosen, rows, FEATURES)
    honest = stability(chosen, text, FRAME, CUT, rows, FEATURES, seed=7)
    other = stability(chosen, text, replace(FRAME, labels=turned), CUT, rows, FEATURES, seed=7)
    assert honest == other
    assert honest["changed"] == f"without the snapshot of {CUT.development[-1]}"
    assert honest["rows"] == 200
    assert honest["rank_correlation"] > 0.9


@pytest.mark.parametrize("dates", [2, 3], ids=["no date would be left", "too few rows of a class would be left"])
def test_where_too_little_would_be_left_the_retrain_has_another_seed(dates: int):
    shortened = replace(CUT, development=CUT.development[:dates])
    labels = FRAME.labels.copy()
    if dates == 3:  # all of the first date stayed, so that it cannot be fitted on alone
        labels[FRAME.as_of == np.datetime64(shortened.development[0])] = 0
    development = replace(FRAME, labels=labels).at(shortened.development)
    chosen = fit_candidate("logistic", {}, development, replace(shortened, folds=()), seed=7)
    text = attribution(chosen, FRAME.rows[:50], FEATURES)
    result = stability(chosen, text, development, shortened, FRAME.rows[:50], FEATURES, seed=7)
    # The logistic regression uses no seed.
    assert result == {"top_same": 1.0, "rank_correlation": 1.0, "rows": 50, "changed": "by another seed"}


def test_a_sample_is_drawn_once_and_small_data_is_taken_whole():
    large = frame(DATES, entities=700)
    drawn = sample(large, seed=1)
    assert len(drawn) == SAMPLE
    assert np.array_equal(drawn.rows, sample(large, seed=1).rows, equal_nan=True)
    assert (np.diff(drawn.as_of.astype(int)) >= 0).all()
    assert sample(FRAME, seed=1).digest() == FRAME.digest()

"""A candidate is judged in time order and calibrated on what it was not fitted on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features import monthly
from tests.unit.builders import frame, is_one_sentence
from training.data.folds import time_series_split
from training.data.frame import Frame, TooLittleDataError
from training.data.weights import recency_weights
from training.models.calibration import platt
from training.models.families import family
from training.models.fit import fit_family
from training.search.candidate import Candidate, fit_candidate
from training.search.cross_validation import CrossValidation, check_classes, cross_validate

DATES = monthly(date(1997, 1, 1), date(1997, 12, 1))
SPLIT = time_series_split(DATES, timedelta(days=90), out_of_time=2, folds=3)
FRAME = frame(DATES)


def fit(rows: Frame = FRAME, name: str = "logistic", params: dict[str, Any] | None = None) -> Candidate:
    return fit_candidate(name, params or {}, rows, SPLIT, seed=7)


def with_rows(dates: tuple[date, ...], **changes: Any) -> Frame:
    """The frame with the rows of these dates overwritten."""
    hit = np.isin(FRAME.as_of, np.array(dates, dtype="datetime64[D]"))
    parts = {name: getattr(FRAME, name).copy() for name in changes}
    for name, value in changes.items():
        parts[name][hit] = value
    return replace(FRAME, **parts)


def test_a_folds_auc_is_that_of_its_later_date_ranked_by_a_fit_on_the_earlier_ones():
    scores = cross_validate("recency", {"recency": 0}, FRAME, SPLIT.folds, seed=7)
    for score, fold in zip(scores, SPLIT.folds, strict=True):
        late = FRAME.at(fold.test)
        # Recency ranks by silence whatever it is fitted on.
        assert score.auc == pytest.approx(roc_auc_score(late.labels, late.rows[:, 0]), abs=1e-12)
        assert score.fold == fold


def test_out_of_time_rows_do_not_change_the_candidate():
    corrupted = with_rows(SPLIT.out_of_time, rows=1e6, labels=1)
    for name, params in (("logistic", {}), ("catboost", {"iterations": 20})):
        honest, other = fit(name=name, params=params), fit(corrupted, name, params)
        assert np.array_equal(honest.probability(FRAME.rows), other.probability(FRAME.rows))
        assert honest.fold_auc == other.fold_auc


def test_rows_in_the_embargo_of_a_fold_do_not_change_its_fit():
    fold = SPLIT.folds[0]
    between = tuple(day for day in DATES if fold.fit[-1] < day < fold.test[0])
    assert between
    honest = cross_validate("logistic", {}, FRAME, (fold,), seed=7)[0]
    other = cross_validate("logistic", {}, with_rows(between, labels=1), (fold,), seed=7)[0]
    assert np.array_equal(honest.margin, other.margin)


def test_the_model_itself_is_not_fitted_on_the_date_that_calibrates_it():
    turned = with_rows(SPLIT.calibrate, labels=0)
    turned = replace(turned, labels=np.where(np.arange(len(turned)) % 5 == 0, 1, turned.labels))
    fifth = replace(FRAME, labels=np.where(np.arange(len(FRAME)) % 5 == 0, 1, FRAME.labels))
    honest, other = fit(fifth), fit(turned)
    assert honest.native == other.native
    assert honest.calibration != other.calibration


def test_probabilities_are_right_on_average_on_the_date_that_calibrates():
    many = frame(DATES, entities=300)
    late = many.at(SPLIT.calibrate)
    turned = replace(many, labels=np.where(np.isin(many.as_of, np.unique(late.as_of)), 1 - many.labels, many.labels))
    for name, params in (("recency", {"recency": 0}), ("logistic", {}), ("xgboost", {"rounds": 20})):
        mean = fit(many, name, params).probability(late.rows).mean()
        assert mean == pytest.approx(late.labels.mean(), abs=0.03)
        mean = fit(turned, name, params).probability(late.rows).mean()
        assert mean == pytest.approx(1 - late.labels.mean(), abs=0.01)


def test_folds_scored_by_the_search_are_not_fitted_again():
    cross_validation = CrossValidation(FRAME, SPLIT.folds, seed=7)
    present = cross_validation.scores("logistic", {"C": 0.1})
    candidate = fit_candidate("logistic", {"C": 0.1}, FRAME, SPLIT, 7, cross_validation)
    assert all(item is other for item, other in zip(candidate.folds, present, strict=True))
    cross_validation.keep([("logistic", {"C": 0.01})])
    assert cross_validation.scores("logistic", {"C": 0.1})[0] is not present[0]


@pytest.mark.parametrize("name", ["logistic", "catboost", "xgboost"])
def test_shared_matrices_give_the_same_ranking_as_separate_matrices(name: str):
    cross_validation = CrossValidation(FRAME, SPLIT.folds[:1], seed=7)
    early, late = SPLIT.folds[0].split(FRAME)
    for half_life in (None, 90):
        weights = recency_weights(early, half_life)
        params = {name: value for name, value in {"half_life": half_life}.items() if value}
        for _ in range(2):
            (score,) = cross_validation.scores(name, params)
            native = fit_family(name, early.rows, early.labels, {}, 7, weights)
            assert np.array_equal(score.margin, family(name).margin(native, late.rows))
    assert not np.array_equal(
        cross_validation.scores(name, {})[0].margin, cross_validation.scores(name, {"half_life": 90})[0].margin
    )


def test_threads_that_fit_on_one_matrix_get_what_one_thread_gets():
    sets = [("catboost", {"depth": depth, "iterations": 30}) for depth in (2, 3, 4)]
    sets += [("xgboost", {"max_depth": depth, "rounds": 30}) for depth in (2, 3, 4)]
    single = [cross_validate(*item, FRAME, SPLIT.folds, seed=7) for item in sets]
    cross_validation = CrossValidation(FRAME, SPLIT.folds, seed=7)
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda item: cross_validation.scores(*item), sets))
    assert [[fold.auc for fold in item] for item in together] == [[fold.auc for fold in item] for item in single]


def test_the_final_fit_weighs_snapshots_as_the_folds_did():
    weighted = fit(params={"half_life": 30})
    early = FRAME.at(SPLIT.fit)
    expected = fit_family("logistic", early.rows, early.labels, {}, 7, recency_weights(early, 30))
    assert weighted.native == expected != fit().native


@pytest.mark.parametrize(
    ("slope", "intercept"), [(1.0, 0.0), (0.5, -1.0), (2.0, 0.7)], ids=["right already", "too bold", "too timid"]
)
def test_platt_recovers_slope_and_intercept(slope: float, intercept: float):
    rng = np.random.default_rng(11)
    margin = rng.normal(0, 2, 50_000)
    labels = (rng.random(50_000) < 1 / (1 + np.exp(-(slope * margin + intercept)))).astype(int)
    result = platt(margin, labels)
    assert result["slope"] == pytest.approx(slope, rel=0.05)
    assert result["intercept"] == pytest.approx(intercept, abs=0.05)


@pytest.mark.parametrize(
    ("dates", "label", "expected_text"),
    [
        pytest.param(
            SPLIT.folds[1].test, 0, "0 of 120 rows left and 120 stayed", id="everybody stayed where it judges"
        ),
        pytest.param(SPLIT.folds[1].test, 1, "120 of 120 rows left and 0 stayed", id="everybody left where it judges"),
        pytest.param(SPLIT.folds[1].fit, 0, "0 of 480 rows left", id="everybody stayed where it fits"),
    ],
)
def test_a_fold_with_one_class_is_an_error_with_dates_and_counts(
    dates: tuple[date, ...], label: int, expected_text: str
):
    with pytest.raises(TooLittleDataError, match=f"In snapshots {dates[0]} to {dates[-1]}, {expected_text}") as caught:
        cross_validate("logistic", {}, with_rows(dates, labels=label), SPLIT.folds[1:2], seed=7)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(("left", "enough"), [(9, False), (10, True), (110, True), (111, False)])
def test_ten_rows_of_each_class_are_enough_and_nine_are_not(left: int, enough: bool):
    one_date = FRAME.at(DATES[:1])
    rows = replace(one_date, labels=(np.arange(120) < left).astype(int))
    if enough:
        check_classes(rows, "the test")
    else:
        with pytest.raises(TooLittleDataError, match=f"In the test, {left} of 120 rows left"):
            check_classes(rows, "the test")


def test_a_spread_needs_two_folds():
    scores = cross_validate("recency", {"recency": 0}, FRAME, SPLIT.folds, seed=7)
    item = Candidate("recency", {}, None, {}, scores[:1])
    three = Candidate("recency", {}, None, {}, scores)
    assert np.isnan(item.fold_spread)
    assert item.fold_auc == scores[0].auc
    assert three.fold_spread == pytest.approx(np.std([score.auc for score in scores], ddof=1))


@pytest.mark.parametrize("name", ["logistic", "catboost", "xgboost"])
def test_too_few_rows_are_an_error_for_every_family(name: str):
    few = FRAME.only(np.isin(FRAME.entity, np.unique(FRAME.entity)[:1]))
    item = replace(FRAME, labels=(np.arange(len(FRAME)) == 0).astype(int))
    for rows, expected_text in ((few, "rows left and"), (item, "1 of 360 rows left and 359 stayed")):
        with pytest.raises(TooLittleDataError, match=expected_text) as caught:
            fit(rows, name)
        assert is_one_sentence(caught.value)


def test_fit_rows_with_one_class_are_an_error_with_their_dates():
    for name in ("logistic", "catboost", "xgboost"):
        cross_validation = CrossValidation(FRAME, SPLIT.folds, seed=7)
        cross_validation.scores(name, {})
        with pytest.raises(TooLittleDataError, match=f"In snapshots {SPLIT.calibrate[0]} to") as caught:
            fit_candidate(name, {}, with_rows(SPLIT.calibrate, labels=0), SPLIT, 7, cross_validation)
        assert is_one_sentence(caught.value)


@pytest.mark.parametrize("name", ["logistic", "catboost", "xgboost"])
def test_a_feature_that_is_null_only_where_it_is_fitted_says_nothing_where_it_is_not(name: str):
    blank = FRAME.rows.copy()
    blank[:, 2] = np.nan
    candidate = fit(replace(FRAME, rows=blank), name)
    assert np.array_equal(candidate.probability(FRAME.rows), candidate.probability(blank))
    assert not family(name).contributions(candidate.native, FRAME.rows)[:, 2].any()


@pytest.mark.parametrize("name", ["logistic", "catboost", "xgboost"])
def test_a_feature_that_is_null_only_in_test_rows_is_scored(name: str):
    late = with_rows(SPLIT.folds[0].test, rows=np.array([100.0, np.nan, np.nan]))
    assert np.isfinite(cross_validate(name, {}, late, SPLIT.folds[:1], seed=7)[0].margin).all()


def test_constant_columns_give_equal_scores():
    for name in ("logistic", "catboost", "xgboost"):
        assert fit(replace(FRAME, rows=np.ones_like(FRAME.rows)), name).fold_auc == 0.5

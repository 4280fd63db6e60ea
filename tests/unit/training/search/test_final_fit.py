"""The refit uses all matured rows, is stored beside the judged model, and is compared with it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features import monthly
from registry import Case, Policy, decide
from tests.unit.builders import evidence, feature, frame, measured_first
from training.data.folds import Split, time_series_split
from training.data.frame import Frame
from training.data.training_data import RefitData
from training.evaluate.slices import Slice
from training.models.bundle import write_bundle
from training.models.churn_model import Bundle
from training.search.candidate import Candidate, fit_candidate
from training.search.final_fit import check_refit_rows, describe_refit, describe_rows, fit_again

DATES = monthly(date(1997, 1, 1), date(1998, 2, 1))
REACH = timedelta(days=60)
MATURED = DATES[:-2]
SPLIT = time_series_split(MATURED, REACH, out_of_time=2, folds=2)
ROWS = frame(DATES, entities=300)
FEATURES = [feature("days_since_last"), feature("sum", measure="minutes"), feature("count")]
SLICES = [Slice("silence", "silence", (100.0,))]


def refit_data(rows: Frame = ROWS) -> RefitData:
    return RefitData(rows.at(MATURED), Split(tuple(MATURED), (), (), 1), (), rows.at(DATES[-1:]))


@pytest.fixture(scope="module")
def judged() -> Candidate:
    return fit_candidate("logistic", {}, ROWS.at(SPLIT.development), SPLIT, seed=7)


def describe(judged: Candidate, data: RefitData) -> dict[str, Any]:
    leaks = check_refit_rows(data, MATURED[-1] + REACH, REACH, seed=1)
    described = describe_refit(judged, fit_again(judged, data, 7), data, SLICES, leaks)
    return {**describe_rows(data, REACH), **described}


def failed_checks(refit: dict[str, Any]) -> set[str]:
    decision = decide(Case(evidence(refit=refit), None, first=True, measured=measured_first()), Policy())
    return {check.name for check in decision.checks if not check.passed}


def test_the_refit_is_fitted_on_all_matured_rows_and_keeps_the_fold_scores(judged: Candidate):
    refit = fit_again(judged, refit_data(), 7)
    expected = fit_candidate("logistic", {}, ROWS.at(MATURED), Split(tuple(MATURED), (), (), 1), 7)
    assert np.array_equal(refit.probability(ROWS.rows), expected.probability(ROWS.rows))
    assert (refit.probability(ROWS.rows) != judged.probability(ROWS.rows)).any()
    assert refit.fold_auc == judged.fold_auc


def test_a_version_scores_with_the_refit_and_keeps_the_judged_model(judged: Candidate, tmp_path: Path):
    refit = fit_again(judged, refit_data(), 7)
    write_bundle(tmp_path / "bundle", refit, FEATURES, {}, judged)
    stored = Bundle(tmp_path / "bundle")
    assert np.array_equal(stored.probability(ROWS.rows), refit.probability(ROWS.rows))
    assert np.array_equal(stored.judged_probability(ROWS.rows), judged.probability(ROWS.rows))


def test_without_a_refit_the_registered_model_is_the_judged_one(judged: Candidate, tmp_path: Path):
    write_bundle(tmp_path / "bundle", judged, FEATURES, {})
    stored = Bundle(tmp_path / "bundle")
    assert np.array_equal(stored.judged_probability(ROWS.rows), stored.probability(ROWS.rows))
    assert not (tmp_path / "bundle" / "judged").exists()


def test_the_evidence_of_a_sound_refit_is_accepted(judged: Candidate):
    refit = describe(judged, refit_data())
    assert refit["dates"] == [str(day) for day in MATURED]
    assert refit["agreement"]["rank_correlation"] > 0.95
    assert [part["range"] for part in refit["slices"]] == ["below 100", "100 and more"]
    assert "All figures are of the judged model" in refit["sentence"]
    assert failed_checks(refit) == set()


def test_a_refit_that_learned_the_opposite_is_refused(judged: Candidate):
    later = np.isin(ROWS.as_of, np.array(MATURED[4:], dtype="datetime64[D]"))
    turned = replace(ROWS, labels=np.where(later, 1 - ROWS.labels, ROWS.labels))
    assert "refit_order" in failed_checks(describe(judged, refit_data(turned)))


def test_a_refit_that_predicts_far_more_is_refused(judged: Candidate):
    later = np.isin(ROWS.as_of, np.array(MATURED[5:], dtype="datetime64[D]"))
    rng = np.random.default_rng(1)
    more = replace(ROWS, labels=np.where(later & (rng.random(len(ROWS)) < 0.6), 1, ROWS.labels))
    assert "refit_mean" in failed_checks(describe(judged, refit_data(more)))


def test_a_leak_in_rows_that_only_the_refit_saw_is_refused(judged: Candidate):
    rows = ROWS.rows.copy()
    rows[:, 2] = np.where(ROWS.as_of >= np.datetime64(MATURED[2]), 9.0 * ROWS.labels, rows[:, 2])
    assert "refit_leaks" in failed_checks(describe(judged, refit_data(replace(ROWS, rows=rows))))


def test_labels_that_look_beyond_the_scored_day_are_a_leak():
    checks = check_refit_rows(refit_data(), MATURED[-1] + timedelta(days=59), REACH, seed=1)
    assert [check.check for check in checks if not check.passed] == ["label_windows"]

"""A training asks for leaks in its own rows: what is clean passes, and each planted leak rings by its name."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from features import monthly
from tests.unit.builders import frame
from training.data.folds import Fold, time_series_split
from training.data.frame import Frame
from training.leakage.checks import LeakageCheck
from training.leakage.leakage_report import run_leakage_checks

DATES = monthly(date(1997, 1, 1), date(1997, 12, 1))
REACH = timedelta(days=60)
SPLIT = time_series_split(DATES, REACH, out_of_time=2, folds=2)
ROWS = frame(DATES, entities=200)
EARLY, LATE = ROWS.at(SPLIT.development), ROWS.at(SPLIT.out_of_time)
ALWAYS = {"label_windows", "order", "single_feature", "label_permutation", "too_good_rules"}


def rung(result: list[LeakageCheck]) -> set[str]:
    return {item.check for item in result if not item.passed}


def with_column(rows: Frame, values: np.ndarray) -> Frame:
    return replace(rows, names=(*rows.names, "more"), rows=np.column_stack([rows.rows, values]))


def test_clean_rows_pass_every_required_check():
    result = run_leakage_checks(EARLY, LATE, SPLIT, REACH, seed=1)
    assert {item.check for item in result} == ALWAYS
    assert rung(result) == set()


def test_a_fold_without_an_embargo_rings():
    near = replace(SPLIT, folds=(*SPLIT.folds, Fold((DATES[0],), (DATES[1],))))
    assert rung(run_leakage_checks(EARLY, LATE, near, REACH, seed=1)) == {"label_windows"}


def test_out_of_time_dates_too_near_ring():
    near = replace(SPLIT, development=(*SPLIT.development, DATES[-3]))
    assert rung(run_leakage_checks(EARLY, LATE, near, REACH, seed=1)) == {"label_windows"}


def test_a_feature_that_is_the_answer_rings():
    text = with_column(LATE, LATE.labels + np.random.default_rng(1).normal(0, 0.1, len(LATE)))
    early = with_column(EARLY, EARLY.labels + np.random.default_rng(2).normal(0, 0.1, len(EARLY)))
    assert rung(run_leakage_checks(early, text, SPLIT, REACH, seed=1)) == {"single_feature"}


def test_entities_apart_runs_only_if_the_plan_requires_it():
    apart = (ROWS.only(ROWS.entity < 100), ROWS.only(ROWS.entity >= 100))
    mixed = (ROWS.only(ROWS.entity <= 100), apart[1])
    result = run_leakage_checks(EARLY, LATE, SPLIT, REACH, seed=1, apart=[apart])
    assert {item.check for item in result} == {*ALWAYS, "entities_apart"}
    assert rung(result) == set()
    assert rung(run_leakage_checks(EARLY, LATE, SPLIT, REACH, seed=1, apart=[apart, mixed])) == {"entities_apart"}


def test_contacts_that_follow_the_risk_ring_and_those_at_random_do_not():
    rng = np.random.default_rng(2)
    early = with_column(EARLY, np.zeros(len(EARLY)))
    at_random = with_column(LATE, rng.random(len(LATE)) < 0.3)
    by_risk = with_column(LATE, rng.random(len(LATE)) < np.where(LATE.rows[:, 0] > 100, 0.5, 0.1))
    result = run_leakage_checks(early, at_random, SPLIT, REACH, seed=1, contacts=["more"])
    assert {item.check for item in result} == {*ALWAYS, "our_contacts"}
    assert rung(result) == set()
    assert rung(run_leakage_checks(early, by_risk, SPLIT, REACH, seed=1, contacts=["more"])) == {"our_contacts"}

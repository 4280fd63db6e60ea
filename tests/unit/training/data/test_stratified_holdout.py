"""Validation of a table without dates: people are kept apart, and it is called what it is."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

from features import Feature
from tests.unit.builders import feature, frame, is_one_sentence
from training.data.frame import Frame, TooLittleDataError
from training.data.stratified_holdout import PARTS, split_stratified_holdout
from training.evaluate.evidence import evaluate_out_of_time
from training.evaluate.reason_stability import attribution, stability
from training.leakage.checks import entities_apart
from training.leakage.leakage_report import run_leakage_checks
from training.plan import TrainingPlan
from training.report.gallery import gallery
from training.report.mlflow_logging import figures
from training.search.candidate import Candidate, fit_candidate
from training.search.cross_validation import FEWEST
from training.search.reproduction import reproduce, reproduction_parameters

PLAN = TrainingPlan(recency="silence")
DAY = frame([date(2026, 3, 1)], entities=2000)
DEALT, SPLIT = split_stratified_holdout(DAY, PLAN)
DEVELOPMENT, JUDGING = DEALT.at(SPLIT.development), DEALT.at(SPLIT.out_of_time)
REACH = timedelta(days=90)
FEATURES: list[Feature] = [feature("days_since_last"), feature("sum", measure="minutes"), feature("count")]


def test_no_entity_is_in_fit_and_test_rows():
    dealt, split = split_stratified_holdout(DAY, PLAN)
    pairs = [(fold.fit, fold.test) for fold in split.folds]
    pairs += [(split.fit, split.calibrate), (split.development, split.out_of_time)]
    assert len(split.folds) == PLAN.folds
    for fit, judge in pairs:
        assert entities_apart(dealt.at(fit), dealt.at(judge)).passed
    assert sorted((*split.development, *split.out_of_time)) == sorted(np.unique(dealt.part))
    assert len(dealt.at(split.development)) + len(dealt.at(split.out_of_time)) == len(DAY)


def test_every_part_holds_as_many_of_those_who_left():
    dealt, _ = split_stratified_holdout(DAY, PLAN)
    counts = [int(dealt.at([part]).labels.sum()) for part in np.unique(dealt.part)]
    assert len(counts) == PARTS
    assert max(counts) - min(counts) <= 1


def test_the_same_rows_and_seed_are_dealt_the_same_and_another_seed_otherwise():
    assert (split_stratified_holdout(DAY, PLAN)[0].part == split_stratified_holdout(DAY, PLAN)[0].part).all()
    assert (
        split_stratified_holdout(DAY, PLAN)[0].part != split_stratified_holdout(DAY, replace(PLAN, seed=1))[0].part
    ).any()


def test_the_rows_stay_what_they_were():
    dealt, _ = split_stratified_holdout(DAY, PLAN)
    assert dealt.digest() == DAY.digest()
    assert dealt.only(dealt.labels == 1).labels.all()


@pytest.fixture(scope="module")
def logistic() -> Candidate:
    return fit_candidate("logistic", {}, DEVELOPMENT, SPLIT, seed=1)


def test_parts_of_a_holdout_are_used_like_dates(logistic: Candidate):
    assert len(logistic.folds) == PLAN.folds
    assert 0.65 < logistic.fold_auc < 0.9
    assert abs(logistic.probability(JUDGING.rows).mean() - JUDGING.labels.mean()) < 0.06


def expected_text(figure: Any) -> list[str]:
    """Every text of a picture."""
    return [text.get_text() for text in figure.findobj(Text)]


def alarms(judging: Frame) -> dict[str, bool]:
    return {item.check: item.passed for item in run_leakage_checks(DEVELOPMENT, judging, SPLIT, REACH, seed=1)}


def test_leaks_are_looked_for_but_for_windows_and_people_are_seen_to_be_apart():
    requested = ("order", "single_feature", "label_permutation", "too_good_rules", "entities_apart")
    assert alarms(JUDGING) == dict.fromkeys(requested, True)


def test_an_entity_in_both_parts_and_a_predictive_order_fail():
    mixed = replace(JUDGING, entity=np.append(JUDGING.entity[1:], DEVELOPMENT.entity[0]))
    assert not alarms(mixed)["entities_apart"]
    rows = np.argsort(JUDGING.labels, kind="stable")
    sentence = replace(JUDGING, rows=JUDGING.rows[rows], labels=JUDGING.labels[rows], entity=JUDGING.entity[rows])
    assert not alarms(sentence)["order"]


def test_the_only_day_is_no_month_of_its_own(logistic: Candidate):
    judged = evaluate_out_of_time(logistic, [logistic], JUDGING, seed=1)
    assert judged.months == []
    assert judged.candidates[0]["metrics"]["auc"]["value"] > 0.6


def test_stability_compares_with_a_fit_without_a_part(logistic: Candidate):
    expected = attribution(logistic, JUDGING.rows, FEATURES)
    sentence = stability(logistic, expected, DEVELOPMENT, SPLIT, JUDGING.rows, FEATURES, seed=1)
    assert sentence["changed"] == "without part 8"


def test_no_picture_says_out_of_time(logistic: Candidate):
    sentence = attribution(logistic, JUDGING.rows, FEATURES)
    drawn = gallery(logistic, [logistic], JUDGING, JUDGING, sentence, FEATURES, seed=1)
    titles = [title for _, figure in drawn for title in expected_text(figure)]
    assert sum("held out" in title for title in titles) == 7
    assert not [title for title in titles if "out of time" in title]


def test_a_model_is_refitted_from_its_parts(logistic: Candidate):
    logged = {
        name: str(value)
        for name, value in reproduction_parameters(logistic, DEVELOPMENT.digest(), SPLIT, 1, ()).items()
    }
    repeated = reproduce(logged, DEVELOPMENT)
    assert (repeated.probability(JUDGING.rows) == logistic.probability(JUDGING.rows)).all()


def test_what_it_measures_is_nowhere_called_out_of_time():
    dealt, _ = split_stratified_holdout(DAY, PLAN)
    assert (Frame.validation, dealt.validation) == ("out of time", "by entity, not out of time")
    loss = {"value": 0.5, "low": 0.4, "high": 0.6}
    evidence = {"metrics": {"log_loss": loss}, "metrics_undecided": {"log_loss": loss}, "profit": {"best_profit": loss}}
    names = {
        f"{name}{end}" for name in ("log_loss", "undecided_log_loss", "best_profit") for end in ("", "_low", "_high")
    }
    assert set(figures(evidence, dealt.validation_name)) == {f"held_out_{name}" for name in names}
    assert set(figures(evidence)) == {f"oot_{name}" for name in names}


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        pytest.param(3, 1, id="3 rows"),
        pytest.param(2000, 0, id="nobody left"),
        pytest.param(2000, 1, id="one left"),
        pytest.param(2000, 2000, id="everybody left"),
        pytest.param(2000, FEWEST * PARTS - 1, id="one too few left"),
    ],
)
def test_too_few_rows_of_a_class_are_an_error(rows: int, left: int):
    few = replace(DAY.only(np.arange(2000) < rows), labels=(np.arange(rows) < left).astype(int))
    with pytest.raises(
        TooLittleDataError, match=f"{left} of {rows} labelled rows left .* at least 100 of each"
    ) as expected_text:
        split_stratified_holdout(few, PLAN)
    assert is_one_sentence(expected_text.value)


def test_just_enough_of_a_class_gives_every_part_what_a_fold_needs():
    dealt, split = split_stratified_holdout(replace(DAY, labels=(np.arange(2000) < FEWEST * PARTS).astype(int)), PLAN)
    assert [int(dealt.at([part]).labels.sum()) for part in split.out_of_time] == [FEWEST, FEWEST]


def test_a_plan_with_too_many_parts_is_an_error():
    with pytest.raises(TooLittleDataError, match="more than the 10 parts") as caught:
        split_stratified_holdout(DAY, replace(PLAN, out_of_time=5, calibration=5))
    assert is_one_sentence(caught.value)
    assert split_stratified_holdout(DAY, replace(PLAN, out_of_time=5, calibration=4, folds=5))[1].fit == ("part 1",)


def test_days_do_not_matter_to_it():
    later = replace(DAY, as_of=DAY.as_of + np.timedelta64(timedelta(days=9)))
    assert (split_stratified_holdout(later, PLAN)[0].part == split_stratified_holdout(DAY, PLAN)[0].part).all()

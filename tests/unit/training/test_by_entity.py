"""Validation of a table without dates: people are kept apart, and it is called what it is."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from tests.unit.builders import frame, is_one_sentence
from training.by_entity import PARTS, deal
from training.candidate import FEWEST, fit_candidate
from training.frame import Frame, TooLittleDataError
from training.leaks import entities_apart
from training.plan import TrainingPlan
from training.record import out_of_time

PLAN = TrainingPlan(recency="silence")
DAY = frame([date(2026, 3, 1)], entities=2000)


def test_nobody_is_fitted_on_and_judged_on():
    dealt, cut = deal(DAY, PLAN)
    pairs = [(fold.fit, fold.judge) for fold in cut.folds]
    pairs += [(cut.fit, cut.calibrate), (cut.development, cut.out_of_time)]
    assert len(cut.folds) == PLAN.folds
    for fit, judge in pairs:
        assert entities_apart(dealt.at(fit), dealt.at(judge)).passed
    assert sorted((*cut.development, *cut.out_of_time)) == sorted(np.unique(dealt.part))
    assert len(dealt.at(cut.development)) + len(dealt.at(cut.out_of_time)) == len(DAY)


def test_every_part_holds_as_many_of_those_who_left():
    dealt, _ = deal(DAY, PLAN)
    counts = [int(dealt.at([part]).labels.sum()) for part in np.unique(dealt.part)]
    assert len(counts) == PARTS
    assert max(counts) - min(counts) <= 1


def test_the_same_rows_and_seed_are_dealt_the_same_and_another_seed_otherwise():
    assert (deal(DAY, PLAN)[0].part == deal(DAY, PLAN)[0].part).all()
    assert (deal(DAY, PLAN)[0].part != deal(DAY, replace(PLAN, seed=1))[0].part).any()


def test_the_rows_stay_what_they_were():
    dealt, _ = deal(DAY, PLAN)
    assert dealt.digest() == DAY.digest()
    assert dealt.only(dealt.labels == 1).labels.all()


def test_a_candidate_is_judged_fitted_and_calibrated_on_parts_as_it_is_on_dates():
    dealt, cut = deal(DAY, PLAN)
    candidate = fit_candidate("logistic", {}, dealt.at(cut.development), cut, seed=1)
    assert 0.65 < candidate.fold_auc < 0.9
    held_out = dealt.at(cut.out_of_time)
    assert abs(candidate.probability(held_out.rows).mean() - held_out.labels.mean()) < 0.06


def test_what_it_measures_is_nowhere_called_out_of_time():
    dealt, _ = deal(DAY, PLAN)
    assert (Frame.validation, dealt.validation) == ("out of time", "by entity, not out of time")
    proof = {"metrics": {"log_loss": 0.5}, "metrics_undecided": {"log_loss": 0.4}}
    assert out_of_time(proof, dealt.judged) == {"held_out_log_loss": 0.5, "held_out_undecided_log_loss": 0.4}
    assert out_of_time(proof) == {"oot_log_loss": 0.5, "oot_undecided_log_loss": 0.4}


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
def test_too_few_rows_of_a_class_are_told(rows: int, left: int):
    few = replace(DAY.only(np.arange(2000) < rows), labels=(np.arange(rows) < left).astype(int))
    with pytest.raises(
        TooLittleDataError, match=f"{left} of {rows} labelled rows left .* at least 100 of each"
    ) as said:
        deal(few, PLAN)
    assert is_one_sentence(said.value)


def test_just_enough_of_a_class_gives_every_part_what_a_fold_needs():
    dealt, cut = deal(replace(DAY, labels=(np.arange(2000) < FEWEST * PARTS).astype(int)), PLAN)
    assert [int(dealt.at([part]).labels.sum()) for part in cut.out_of_time] == [FEWEST, FEWEST]


def test_a_plan_of_more_parts_than_there_are_is_told():
    with pytest.raises(TooLittleDataError, match="more than the 10 parts") as caught:
        deal(DAY, replace(PLAN, out_of_time=5, calibration=5))
    assert is_one_sentence(caught.value)
    assert deal(DAY, replace(PLAN, out_of_time=5, calibration=4, folds=5))[1].fit == ("part 1",)


def test_days_do_not_matter_to_it():
    later = replace(DAY, as_of=DAY.as_of + np.timedelta64(timedelta(days=9)))
    assert (deal(later, PLAN)[0].part == deal(DAY, PLAN)[0].part).all()

"""Time order and embargo: what fits never sees what judges."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features import monthly
from tests.unit.builders import frame, is_one_sentence
from training.data.folds import entity_groups, time_series_split
from training.data.frame import TooLittleDataError
from training.leakage.checks import entities_apart

DAYS_90 = timedelta(days=90)
#: close enough together that a date often lies an embargo before another, to the day.
grids = st.sets(st.dates(date(2020, 1, 1), date(2020, 3, 31)), min_size=1, max_size=40).map(sorted)
embargoes = st.integers(1, 30).map(lambda days: timedelta(days=days))
counts = st.integers(1, 4)


@given(dates=grids, embargo=embargoes, out_of_time=counts, folds=counts)
def test_a_split_keeps_the_embargo_everywhere_or_is_refused(
    dates: list[date], embargo: timedelta, out_of_time: int, folds: int
):
    try:
        split = time_series_split(dates, embargo, out_of_time, folds)
    except TooLittleDataError:
        assume(False)
    assert split.out_of_time == tuple(dates[-out_of_time:])
    assert split.development == tuple(day for day in dates if day <= split.out_of_time[0] - embargo)
    assert [fold.test for fold in split.folds] == [(day,) for day in split.development[-folds:]]
    for fold in split.folds:
        assert fold.fit == tuple(day for day in dates if day <= fold.test[0] - embargo)
        assert fold.fit
        assert not {*fold.fit, *fold.test} & {*split.out_of_time}


@given(dates=grids, embargo=embargoes, out_of_time=counts, folds=counts)
def test_a_split_is_refused_only_where_a_fold_would_have_nothing_to_fit_on(
    dates: list[date], embargo: timedelta, out_of_time: int, folds: int
):
    try:
        time_series_split(dates, embargo, out_of_time, folds)
    except TooLittleDataError as error:
        assert is_one_sentence(error)  # noqa: PT017  # whether it is raised is the other half of the claim
        before = [day for day in dates if day + embargo <= dates[-out_of_time:][0]]
        first_judges = before[-folds:]
        enough = len(dates) >= out_of_time and len(before) >= folds
        assert not enough or dates[0] + embargo > first_judges[0]


@given(data=st.data(), dates=grids)
def test_neither_the_order_of_the_dates_nor_a_repetition_matters(data: st.DataObject, dates: list[date]):
    given_dates = data.draw(st.permutations(dates + dates[:2]))
    try:
        expected = time_series_split(dates, timedelta(days=30), 1, 1)
    except TooLittleDataError:
        assume(False)
    assert time_series_split(given_dates, timedelta(days=30), 1, 1) == expected


def test_the_record_shop_is_cut_as_the_documentation_says():
    split = time_series_split(monthly(date(1997, 5, 1), date(1998, 4, 1)), DAYS_90, out_of_time=2, folds=3)
    assert split.development == tuple(monthly(date(1997, 5, 1), date(1997, 12, 1)))
    assert split.out_of_time == (date(1998, 3, 1), date(1998, 4, 1))
    assert [fold.test for fold in split.folds] == [(date(1997, month, 1),) for month in (10, 11, 12)]
    assert [fold.fit[-1] for fold in split.folds] == [date(1997, month, 1) for month in (7, 8, 9)]


def test_periods_of_30_days_are_counted_where_a_population_has_dates_of_its_own():
    weeks = [date(2026, 1, 2) + timedelta(days=7 * week) for week in range(35)]  # up to 2026-08-28
    split = time_series_split(weeks, timedelta(days=32), out_of_time=2, folds=2, calibration=1, in_periods=True)
    assert split.out_of_time == tuple(weeks[-9:])  # 2026-07-03 to 2026-08-28: 56 days
    assert split.development[-1] == max(day for day in weeks if day + timedelta(days=32) <= split.out_of_time[0])
    assert split.development[-1] == date(2026, 5, 29)
    assert [(fold.test[0], fold.test[-1], len(fold.test)) for fold in split.folds] == [
        (date(2026, 4, 3), date(2026, 4, 24), 4),
        (date(2026, 5, 1), date(2026, 5, 29), 5),
    ]
    for fold in split.folds:
        assert fold.fit == tuple(day for day in weeks if day + timedelta(days=32) <= fold.test[0])
    assert split.calibrate == split.folds[-1].test
    assert split.calibration == len(split.calibrate)
    with pytest.raises(TooLittleDataError, match="too few for 6 out-of-time dates"):
        time_series_split(weeks, timedelta(days=32), out_of_time=6, folds=3, in_periods=True)


def test_the_calibration_is_fitted_on_dates_that_the_model_was_not():
    split = time_series_split(monthly(date(1997, 5, 1), date(1998, 4, 1)), DAYS_90, out_of_time=2, folds=3)
    assert split.fit == tuple(monthly(date(1997, 5, 1), date(1997, 11, 1)))
    assert split.calibrate == (date(1997, 12, 1),)


def test_several_dates_calibrate_where_the_plan_says_so():
    split = time_series_split(monthly(date(2025, 8, 1), date(2026, 8, 1)), timedelta(days=32), 3, 2, calibration=2)
    assert split.out_of_time == tuple(monthly(date(2026, 6, 1), date(2026, 8, 1)))
    assert split.calibrate == (date(2026, 3, 1), date(2026, 4, 1)) == split.development[-2:]
    assert split.fit == tuple(monthly(date(2025, 8, 1), date(2026, 2, 1)))


def test_calibration_must_leave_dates_to_fit_on():
    dates = monthly(date(2025, 12, 1), date(2026, 8, 1))
    assert len(time_series_split(dates, DAYS_90, 2, 1, calibration=4).fit) == 1
    with pytest.raises(TooLittleDataError, match=r"5 development snapshots .* too few to calibrate on 5") as caught:
        time_series_split(dates, DAYS_90, 2, 1, calibration=5)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("first", "enough"),
    [
        pytest.param(date(1997, 7, 1), True, id="July is 92 days before the first judge"),
        pytest.param(date(1997, 8, 1), False, id="August is 61 days before the first judge"),
    ],
)
def test_history_is_enough_to_the_day(first: date, enough: bool):
    dates = monthly(first, date(1998, 4, 1))
    if enough:
        assert time_series_split(dates, DAYS_90, 2, 3).folds[0].fit == (first,)
    else:
        with pytest.raises(TooLittleDataError):
            time_series_split(dates, DAYS_90, 2, 3)


@pytest.mark.parametrize(
    ("dates", "expected_text"),
    [
        pytest.param([], r"^0 matured snapshots \(none\) are too few for 2 out-of-time dates, 3 folds", id="none"),
        pytest.param([date(1997, 5, 1)], r"^1 matured snapshots \(1997-05-01 to 1997-05-01\)", id="one"),
        pytest.param(
            monthly(date(1997, 5, 1), date(1997, 12, 1)),
            r"^8 matured .* an embargo of 90 days: there must be 5 test dates",
            id="the embargo takes too many",
        ),
    ],
)
def test_a_short_history_is_an_error_with_present_and_required_dates(dates: list[date], expected_text: str):
    with pytest.raises(TooLittleDataError, match=expected_text) as caught:
        time_series_split(dates, DAYS_90, 2, 3)
    assert is_one_sentence(caught.value)


GRID = monthly(date(1997, 1, 1), date(1997, 12, 1))


@pytest.mark.parametrize("folds", [1, 3])
def test_with_users_apart_nobody_is_in_fit_and_test_rows(folds: int):
    rows = frame(GRID)
    for fold in time_series_split(GRID, DAYS_90, 2, folds, users_apart=True).folds:
        early, late = fold.split(rows)
        assert entities_apart(early, late).passed
        # A third of the people judge, a half if there is one fold.
        assert len(late) / len(rows.at(fold.test)) == pytest.approx(1 / max(2, folds), abs=0.1)
        assert len(early) + len(late) < len(rows)
    together = time_series_split(GRID, DAYS_90, 2, folds).folds[0]
    assert not entities_apart(*together.split(rows)).passed


def test_with_users_apart_every_fold_tests_other_people():
    rows = frame(GRID)
    judged = [
        set(fold.split(rows)[1].entity) for fold in time_series_split(GRID, DAYS_90, 2, 3, users_apart=True).folds
    ]
    assert sum(map(len, judged)) == len(set.union(*judged)) == 120


def test_a_group_depends_on_the_entity_only():
    names = np.array(["u1", "u2", "u3", "u1"], dtype=object)
    assert entity_groups(names, 5).tolist() == entity_groups(names[::-1], 5).tolist()[::-1]
    assert entity_groups(np.array([1, 2, 3]), 5).tolist() == entity_groups(np.array(["1", "2", "3"]), 5).tolist()
    counts = np.bincount(entity_groups(np.arange(10_000), 5))
    assert counts.min() > 1_800

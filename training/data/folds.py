"""Time series split with an embargo between the dates of the fit and the dates of the test.

A label covers the horizon and the grace after its snapshot. A fit on a snapshot closer than that to a test date would
see days that the test covers too. Folds have a rolling origin (Tashman, 2000). Optionally, each fold tests one group of
users and fits on all others (Roberts et al., 2017, blocks in time and by group).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.frame import Frame, TooLittleDataError

#: length of a period where a population has several dates a month.
PERIOD_DAYS = 30


@dataclass(frozen=True)
class Fold:
    """Fit on the dates `fit`, test on the dates `test`.

    With a `group`, such as (0, 3) for the first of three, the test uses its entities and the fit all others.
    """

    fit: tuple[date, ...]
    test: tuple[date, ...]
    group: tuple[int, int] | None = None

    def split(self, frame: Frame) -> tuple[Frame, Frame]:
        """Rows of the fit and rows of the test."""
        early, late = frame.at(self.fit), frame.at(self.test)
        if self.group is None:
            return early, late
        number, groups = self.group
        in_group = [entity_groups(part.entity, groups) == number for part in (early, late)]
        return early.only(~in_group[0]), late.only(in_group[1])


@dataclass(frozen=True)
class Split:
    """Development dates, their folds, and the out-of-time dates that nothing is fitted, tuned or calibrated on."""

    development: tuple[date, ...]
    folds: tuple[Fold, ...]
    out_of_time: tuple[date, ...]
    calibration: int = 1

    @property
    def fit(self) -> tuple[date, ...]:
        """Dates of the fit: all development dates but the last ones."""
        return self.development[: -self.calibration]

    @property
    def calibrate(self) -> tuple[date, ...]:
        """Dates of the calibration: the last development dates."""
        return self.development[-self.calibration :]


def time_series_split(
    matured: Sequence[date],
    embargo: timedelta,
    out_of_time: int,
    folds: int,
    calibration: int = 1,
    users_apart: bool = False,
    in_periods: bool = False,
) -> Split:
    """Split matured snapshot dates in time order.

    Args:
        matured: snapshot dates whose labels are known.
        embargo: at least horizon + grace.
        out_of_time: number of last dates that are used for evaluation only.
        folds: number of last development dates that are the test of one fold each.
        calibration: number of last development dates for the calibration.
        in_periods: whether these three count periods of `PERIOD_DAYS` days with all of their dates, instead of dates.
        users_apart: whether a fold tests only users outside its fit. The out-of-time evaluation covers all users,
            because production scores known users too.

    Raises:
        TooLittleDataError: a fold, the calibration or the out-of-time test would be left without dates to fit on.
    """
    dates = sorted(set(matured))
    test_periods = _periods(dates, in_periods)[-out_of_time:]
    test = tuple(day for period in test_periods for day in period)
    development = tuple(day for day in dates if test and day + embargo <= test[0])
    periods = _periods(development, in_periods)
    rolled = tuple(
        Fold(
            tuple(day for day in development if day + embargo <= period[0]),
            period,
            (number, max(2, folds)) if users_apart else None,
        )
        for number, period in enumerate(periods[-folds:])
    )
    if len(test_periods) < out_of_time or len(rolled) < folds or not all(fold.fit for fold in rolled):
        needed = out_of_time + folds
        raise TooLittleDataError(
            f"{len(dates)} matured snapshots ({_span(dates)}) are too few for {out_of_time} out-of-time dates, "
            f"{folds} folds and an embargo of {embargo.days} days: there must be {needed} test dates and, "
            f"{embargo.days} days before the first of them, one to fit on; bring more history, or declare "
            "fewer folds or a shorter horizon."
        )
    if len(periods) <= calibration:
        raise TooLittleDataError(
            f"{len(development)} development snapshots ({_span(development)}) are too few to calibrate on "
            f"{calibration} and to fit on others; bring more history, or declare fewer calibration dates."
        )
    return Split(development, rolled, test, count_last(development, calibration, in_periods))


def count_last(dates: Sequence[date], count: int, in_periods: bool) -> int:
    """How many dates the last `count` periods have: a period is a date, or `PERIOD_DAYS` days with all their dates."""
    return sum(len(period) for period in _periods(dates, in_periods)[-count:])


def _periods(dates: Sequence[date], in_periods: bool) -> list[tuple[date, ...]]:
    """The dates one by one, or in periods of `PERIOD_DAYS` days counted back from the last date, in order."""
    if not in_periods:
        return [(day,) for day in dates]
    return [tuple(days) for _, days in groupby(dates, key=lambda day: (dates[-1] - day).days // PERIOD_DAYS)]


def entity_groups(entity: NDArray[np.int_] | NDArray[np.object_], groups: int) -> NDArray[np.int_]:
    """The group of each row's entity, 0 to `groups` - 1, by a hash of its name: the same in every process."""
    names, position = np.unique(entity.astype(str), return_inverse=True)
    hashed = pd.util.hash_array(names.astype(object), categorize=False)
    groups_of_rows: NDArray[np.int_] = (hashed % np.uint64(groups)).astype(np.int_)[position]
    return groups_of_rows


def _span(dates: Sequence[date]) -> str:
    return f"{dates[0]} to {dates[-1]}" if dates else "none"

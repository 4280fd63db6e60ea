"""Time-ordered validation: what may be learnt from, and what only judges.

An embargo lies between the dates that fit and the dates that judge: a label looks ahead by the horizon
and the grace, so a snapshot closer than that to a judging date would be fitted on days that the judge
sees too. Rolling origin (Tashman, 2000). Where users are to be kept apart, each fold also judges a group of its
own, and fits on the others (Roberts et al., 2017, blocks in time and by group).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.frame import Frame, TooLittleDataError


@dataclass(frozen=True)
class Fold:
    """Fit on the dates `fit`, judge on the dates `judge`.

    With a `group`, such as (0, 3) for the first of three, only its entities judge and only others are fitted on.
    """

    fit: tuple[date, ...]
    judge: tuple[date, ...]
    group: tuple[int, int] | None = None

    def cut(self, frame: Frame) -> tuple[Frame, Frame]:
        """The rows to fit on and the rows to judge on."""
        early, late = frame.at(self.fit), frame.at(self.judge)
        if self.group is None:
            return early, late
        number, groups = self.group
        own = [entity_groups(part.entity, groups) == number for part in (early, late)]
        return early.only(~own[0]), late.only(own[1])


@dataclass(frozen=True)
class Split:
    """Development dates, their folds, and the out-of-time dates that nothing is fitted, tuned or calibrated on."""

    development: tuple[date, ...]
    folds: tuple[Fold, ...]
    out_of_time: tuple[date, ...]
    calibration: int = 1

    @property
    def fit(self) -> tuple[date, ...]:
        """What the model is fitted on: all development dates but the last ones."""
        return self.development[: -self.calibration]

    @property
    def calibrate(self) -> tuple[date, ...]:
        """What its probabilities are calibrated on: the last development dates."""
        return self.development[-self.calibration :]


def split(
    matured: Sequence[date],
    embargo: timedelta,
    out_of_time: int,
    folds: int,
    calibration: int = 1,
    users_apart: bool = False,
) -> Split:
    """Cut matured snapshot dates in time order.

    Args:
        matured: snapshot dates whose labels are known.
        embargo: at least horizon + grace.
        out_of_time: how many of the last dates only judge.
        folds: how many of the last development dates judge a fold each.
        calibration: how many of the last development dates calibrate.
        users_apart: whether nobody is fitted on by a fold that judges them. The out-of-time dates judge everybody
            all the same, for in production too people of yesterday are scored.

    Raises:
        TooLittleDataError: a fold, the calibration or the out-of-time test would be left without dates to fit on.
    """
    dates = sorted(set(matured))
    judging = tuple(dates[-out_of_time:])
    development = tuple(day for day in dates if judging and day + embargo <= judging[0])
    judges = development[-folds:]
    rolled = tuple(
        Fold(
            tuple(day for day in development if day + embargo <= judge),
            (judge,),
            (number, max(2, folds)) if users_apart else None,
        )
        for number, judge in enumerate(judges)
    )
    if len(judging) < out_of_time or len(rolled) < folds or not all(fold.fit for fold in rolled):
        needed = out_of_time + folds
        raise TooLittleDataError(
            f"{len(dates)} matured snapshots ({_span(dates)}) are too few for {out_of_time} out-of-time dates, "
            f"{folds} folds and an embargo of {embargo.days} days: there must be {needed} dates to judge on and, "
            f"{embargo.days} days before the first of them, one to fit on; bring more history, or declare "
            "fewer folds or a shorter horizon."
        )
    if len(development) <= calibration:
        raise TooLittleDataError(
            f"{len(development)} development snapshots ({_span(development)}) are too few to calibrate on "
            f"{calibration} and to fit on others; bring more history, or declare fewer calibration dates."
        )
    return Split(development, rolled, judging, calibration)


def entity_groups(entity: NDArray[np.int_] | NDArray[np.object_], groups: int) -> NDArray[np.int_]:
    """The group of each row's entity, 0 to `groups` - 1, by a hash of its name: the same in every process."""
    names, position = np.unique(entity.astype(str), return_inverse=True)
    hashed = pd.util.hash_array(names.astype(object), categorize=False)
    found: NDArray[np.int_] = (hashed % np.uint64(groups)).astype(np.int_)[position]
    return found


def _span(dates: Sequence[date]) -> str:
    return f"{dates[0]} to {dates[-1]}" if dates else "none"

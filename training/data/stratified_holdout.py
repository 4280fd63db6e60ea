"""Stratified holdout by entity, for rows without dates; this is not an out-of-time validation.

Every entity has one row, assigned at random to one of ten parts with equal numbers of churners (stratified). Parts take
the place of dates: the last parts are for evaluation only, and the last of the others for calibration. The results hold
for other people of the same day. They do not show that the model will hold on later dates.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from training.data.folds import Fold, Split
from training.data.frame import Frame, TooLittleDataError
from training.data.validation import BY_ENTITY
from training.plan import TrainingPlan
from training.search.cross_validation import FEWEST

PARTS = 10


@dataclass(frozen=True)
class HoldoutFrame(Frame):
    """Rows of one day with the part of each row, shape (n,)."""

    validation: ClassVar[str] = BY_ENTITY

    part: NDArray[np.str_] = field(default_factory=lambda: np.array([], dtype=np.str_))

    @property
    def dates(self) -> tuple[Any, ...]:
        """Its parts, in order."""
        return tuple(sorted(np.unique(self.part).tolist(), key=_number))

    def at(self, dates: Any) -> "HoldoutFrame":
        """Only the rows of these parts."""
        return self.only(np.isin(self.part, list(dates)))

    def only(self, mask: NDArray[np.bool_]) -> "HoldoutFrame":
        """Only the rows where `mask` is True."""
        return HoldoutFrame(**vars(super().only(mask)), part=self.part[mask])


def split_stratified_holdout(frame: Frame, plan: TrainingPlan) -> tuple[HoldoutFrame, Split]:
    """Assign the rows to stratified parts, and split the parts in the way that dates are split.

    A fold tests one of the last development parts and fits on all others.

    Args:
        frame: rows of one day, one for each entity.
        plan: `out_of_time`, `folds` and `calibration` count parts.

    Raises:
        TooLittleDataError: a part would hold fewer than ten rows of a class, or the plan asks for too many parts.
    """
    from sklearn.model_selection import StratifiedKFold

    _check(frame, plan)
    parts = np.empty(len(frame), dtype="<U7")
    names: list[Any] = [f"part {number}" for number in range(1, PARTS + 1)]
    splitter = StratifiedKFold(PARTS, shuffle=True, random_state=plan.seed)
    for name, (_, rows) in zip(names, splitter.split(frame.rows, frame.labels), strict=True):
        parts[rows] = name
    development, test = tuple(names[: -plan.out_of_time]), tuple(names[-plan.out_of_time :])
    folds = tuple(
        Fold(tuple(other for other in development if other != part), (part,)) for part in development[-plan.folds :]
    )
    return HoldoutFrame(**vars(frame), part=parts), Split(development, folds, test, plan.calibration)


def _number(part: str) -> int:
    return int(part.removeprefix("part "))


def _check(frame: Frame, plan: TrainingPlan) -> None:
    left, needed = int(frame.labels.sum()), FEWEST * PARTS
    if min(left, len(frame) - left) < needed:
        raise TooLittleDataError(
            f"{left} of {len(frame)} labelled rows left and {len(frame) - left} stayed: validation by entity assigns "
            f"them to {PARTS} parts, and needs at least {needed} of each; bring more rows, or a table with dates."
        )
    if plan.out_of_time + max(plan.folds, plan.calibration + 1) > PARTS:
        raise TooLittleDataError(
            f"{plan.out_of_time} test parts, {plan.folds} folds and {plan.calibration} parts to calibrate on "
            f"are more than the {PARTS} parts of a validation by entity; declare fewer."
        )

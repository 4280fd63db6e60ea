"""Validation where rows carry no dates: by entity, which is not out of time.

Every entity has one row, dealt at random into ten parts that hold as many of those who left as one another
(stratified). The parts stand where dates stand elsewhere: the last ones only judge, the last of the others
calibrate. What is measured so holds for other people of the same day; that it holds later, nothing tells.
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
class DealtFrame(Frame):
    """Rows of one day, each in a part (n,)."""

    validation: ClassVar[str] = BY_ENTITY

    part: NDArray[np.str_] = field(default_factory=lambda: np.array([], dtype=np.str_))

    @property
    def dates(self) -> tuple[Any, ...]:
        """Its parts, in order."""
        return tuple(sorted(np.unique(self.part).tolist(), key=_number))

    def at(self, dates: Any) -> "DealtFrame":
        """Only the rows of these parts."""
        return self.only(np.isin(self.part, list(dates)))

    def only(self, kept: NDArray[np.bool_]) -> "DealtFrame":
        """Only the rows that `kept` is true for."""
        return DealtFrame(**vars(super().only(kept)), part=self.part[kept])


def deal(frame: Frame, plan: TrainingPlan) -> tuple[DealtFrame, Split]:
    """Deal the rows into parts, and cut the parts as dates are cut.

    A fold judges one of the last development parts by a fit on all the others.

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
    dealing = StratifiedKFold(PARTS, shuffle=True, random_state=plan.seed)
    for name, (_, rows) in zip(names, dealing.split(frame.rows, frame.labels), strict=True):
        parts[rows] = name
    development, judging = tuple(names[: -plan.out_of_time]), tuple(names[-plan.out_of_time :])
    folds = tuple(
        Fold(tuple(other for other in development if other != one), (one,)) for one in development[-plan.folds :]
    )
    return DealtFrame(**vars(frame), part=parts), Split(development, folds, judging, plan.calibration)


def _number(part: str) -> int:
    return int(part.removeprefix("part "))


def _check(frame: Frame, plan: TrainingPlan) -> None:
    left, needed = int(frame.labels.sum()), FEWEST * PARTS
    if min(left, len(frame) - left) < needed:
        raise TooLittleDataError(
            f"{left} of {len(frame)} labelled rows left and {len(frame) - left} stayed: validation by entity deals "
            f"them into {PARTS} parts, and needs at least {needed} of each; bring more rows, or a table with dates."
        )
    if plan.out_of_time + max(plan.folds, plan.calibration + 1) > PARTS:
        raise TooLittleDataError(
            f"{plan.out_of_time} parts to judge on, {plan.folds} folds and {plan.calibration} parts to calibrate on "
            f"are more than the {PARTS} parts of a validation by entity; declare fewer."
        )

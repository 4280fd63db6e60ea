"""One candidate: a family with its parameters, judged in time order, then fitted and calibrated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.churn_model import calibrate
from training.families import family
from training.folds import Fold, Split
from training.frame import Frame, TooLittleDataError
from training.metrics import Floats, auc

#: below this many rows of either class a fold says nothing.
FEWEST = 10


@dataclass(frozen=True)
class FoldScore:
    """How a fit on earlier dates ranked a later date."""

    fold: Fold
    auc: float
    labels: NDArray[np.int_]
    margin: Floats


@dataclass(frozen=True)
class Candidate:
    """A fitted, calibrated model and how it did on the folds."""

    name: str
    params: Mapping[str, Any]
    native: Any
    calibration: dict[str, float]
    folds: tuple[FoldScore, ...]

    @property
    def fold_auc(self) -> float:
        """Mean AUC over the folds: what candidates are chosen by."""
        return float(np.mean([score.auc for score in self.folds]))

    @property
    def fold_spread(self) -> float:
        """Standard deviation of the folds' AUC."""
        return float(np.std([score.auc for score in self.folds], ddof=1)) if len(self.folds) > 1 else float("nan")

    def probability(self, rows: Floats) -> Floats:
        """Calibrated probability of leaving."""
        return calibrate(family(self.name).margin(self.native, rows), self.calibration)


def judge_folds(
    name: str, params: Mapping[str, Any], frame: Frame, folds: tuple[Fold, ...], seed: int
) -> tuple[FoldScore, ...]:
    """Fit on each fold's earlier dates and rank its later one.

    Raises:
        TooLittleDataError: a fold lacks rows of a class.
    """
    return tuple(_judge(name, params, frame, fold, seed) for fold in folds)


def fit_candidate(name: str, params: Mapping[str, Any], frame: Frame, split: Split, seed: int) -> Candidate:
    """Judge on the folds, fit on all development dates but the last ones, and calibrate that fit on those.

    The calibration belongs to the very model that scores, and its slice is later than the fit
    (docs/adr/0002-calibration.md has what else was tried).
    """
    folds = judge_folds(name, params, frame, split.folds, seed)
    early, late = frame.at(split.fit), frame.at(split.calibrate)
    for part, dates in ((early, split.fit), (late, split.calibrate)):
        check_classes(part, f"snapshots {dates[0]} to {dates[-1]}")
    native = family(name).fit(early.rows, early.labels, dict(params), seed)
    calibration = platt(family(name).margin(native, late.rows), late.labels)
    return Candidate(name, params, native, calibration, folds)


def platt(margin: Floats, labels: NDArray[np.int_]) -> dict[str, float]:
    """Slope and intercept that turn log-odds into probabilities (Platt, 1999)."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(margin.reshape(-1, 1), labels)
    return {"slope": float(fitted.coef_[0, 0]), "intercept": float(fitted.intercept_[0])}


def _judge(name: str, params: Mapping[str, Any], frame: Frame, fold: Fold, seed: int) -> FoldScore:
    early, late = frame.at(fold.fit), frame.at(fold.judge)
    for part, dates in ((early, fold.fit), (late, fold.judge)):
        check_classes(part, f"snapshots {dates[0]} to {dates[-1]}")
    native = family(name).fit(early.rows, early.labels, dict(params), seed)
    margin = family(name).margin(native, late.rows)
    return FoldScore(fold, auc(late.labels, margin), late.labels, margin)


def check_classes(frame: Frame, where: str) -> None:
    """See that both classes are there.

    Raises:
        TooLittleDataError: fewer than ten rows left, or fewer than ten stayed.
    """
    left, stayed = int(frame.labels.sum()), int(len(frame) - frame.labels.sum())
    if min(left, stayed) < FEWEST:
        raise TooLittleDataError(
            f"In {where}, {left} of {len(frame)} rows left and {stayed} stayed: at least {FEWEST} of each are needed; "
            "bring more data, or change the label's horizon or the population."
        )

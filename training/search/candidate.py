"""One candidate: a family with its parameters, judged in time order, then fitted and calibrated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.data.folds import Split
from training.data.frame import Frame
from training.data.weights import HALF_LIFE, of_family, recency_weights
from training.evaluate.metrics import Floats
from training.models.calibration import choose_calibration
from training.models.churn_model import calibrate
from training.models.families import family
from training.models.fit import fit_family
from training.search.cross_validation import FoldScore, Judge, check_classes


@dataclass(frozen=True)
class Candidate:
    """A fitted, calibrated model and how it did on the folds."""

    name: str
    params: Mapping[str, Any]
    native: Any
    calibration: Mapping[str, Any]
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


def fit_candidate(
    name: str, params: Mapping[str, Any], frame: Frame, split: Split, seed: int, judge: Judge | None = None
) -> Candidate:
    """Judge on the folds, fit on all development dates but the last ones, and calibrate that fit on those.

    The calibration belongs to the very model that scores, and its slice is later than the fit
    (docs/adr/0002-calibration.md has what else was tried).

    Args:
        name: the family.
        params: its own, and the half-life of the weights if there is one.
        frame: development rows.
        split: its dates.
        seed: of the fit.
        judge: of the search, which has judged these parameters already; None makes one.

    Raises:
        TooLittleDataError: a fold, the fit or the calibration lacks rows of a class.
    """
    folds = (judge or Judge(frame, split.folds, seed)).scores(name, params)
    early, late = frame.at(split.fit), frame.at(split.calibrate)
    for part, dates in ((early, split.fit), (late, split.calibrate)):
        check_classes(part, f"snapshots {dates[0]} to {dates[-1]}")
    weights = recency_weights(early, params.get(HALF_LIFE))
    native = fit_family(name, early.rows, early.labels, of_family(dict(params)), seed, weights)
    margin = family(name).margin(native, late.rows)
    return Candidate(name, params, native, choose_calibration(margin, late.labels, late.entity), folds)

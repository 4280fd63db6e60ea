"""One candidate: a family with its parameters, cross validated in time order, then fitted and calibrated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.data.folds import Split
from training.data.frame import Frame
from training.data.weights import HALF_LIFE, family_params, recency_weights
from training.evaluate.metrics import Floats
from training.models.calibration import choose_calibration
from training.models.churn_model import calibrate
from training.models.families import family
from training.models.fit import fit_family
from training.search.cross_validation import CrossValidation, FoldScore, check_classes


@dataclass(frozen=True)
class Candidate:
    """A fitted and calibrated model with its fold scores."""

    name: str
    params: Mapping[str, Any]
    native: Any
    calibration: Mapping[str, Any]
    folds: tuple[FoldScore, ...]

    @property
    def fold_auc(self) -> float:
        """Mean AUC over the folds; the candidate with the highest is chosen."""
        return float(np.mean([score.auc for score in self.folds]))

    @property
    def fold_spread(self) -> float:
        """Standard deviation of the fold AUCs; NaN for one fold."""
        return float(np.std([score.auc for score in self.folds], ddof=1)) if len(self.folds) > 1 else float("nan")

    def probability(self, rows: Floats) -> Floats:
        """Calibrated churn probability, shape (n,)."""
        return calibrate(family(self.name).margin(self.native, rows), self.calibration)


def fit_candidate(
    name: str,
    params: Mapping[str, Any],
    frame: Frame,
    split: Split,
    seed: int,
    cross_validation: CrossValidation | None = None,
) -> Candidate:
    """Cross validate, fit on all development dates but the last ones, and calibrate that fit on the last ones.

    The calibration belongs to the model that scores, and its dates are later than those of the fit
    (docs/adr/0002-calibration.md compares the alternatives).

    Args:
        name: the family.
        params: parameters of the family, and optionally the half-life of the row weights.
        frame: development rows.
        split: its dates.
        seed: random seed of the fit.
        cross_validation: of the search, with cached scores; None creates a new one.

    Raises:
        TooLittleDataError: a fold, the fit or the calibration lacks rows of a class.
    """
    folds = (cross_validation or CrossValidation(frame, split.folds, seed)).scores(name, params)
    early, late = frame.at(split.fit), frame.at(split.calibrate)
    for part, dates in ((early, split.fit), (late, split.calibrate)):
        check_classes(part, f"snapshots {dates[0]} to {dates[-1]}")
    weights = recency_weights(early, params.get(HALF_LIFE))
    native = fit_family(name, early.rows, early.labels, family_params(dict(params)), seed, weights)
    margin = family(name).margin(native, late.rows)
    return Candidate(name, params, native, choose_calibration(margin, late.labels, late.entity), folds)

"""Training frame, time-ordered folds, search, calibration, evaluation, evidence."""

from training.data.comparison_rows import (
    Again,
    AgainError,
    days_again,
    rows_again,
)
from training.data.fingerprint import code_hash
from training.data.frame import Frame, TooLittleDataError, read_frame
from training.evaluate.auc import auc
from training.evaluate.model_comparison import ModelComparison, ScoresError, compare_models
from training.evaluate.profit import Costs
from training.evaluate.slices import Slice
from training.leakage.checks import LeakageCheck, blind
from training.leakage.univariate_auc import UnivariateAuc, univariate_auc
from training.plan import TrainingPlan
from training.report.comparison_pictures import Pair, comparison_gallery, pngs
from training.train import Trained, train

__all__ = [
    "Again",
    "AgainError",
    "Costs",
    "Frame",
    "LeakageCheck",
    "ModelComparison",
    "Pair",
    "ScoresError",
    "Slice",
    "TooLittleDataError",
    "Trained",
    "TrainingPlan",
    "UnivariateAuc",
    "auc",
    "blind",
    "code_hash",
    "compare_models",
    "comparison_gallery",
    "days_again",
    "pngs",
    "read_frame",
    "rows_again",
    "train",
    "univariate_auc",
]

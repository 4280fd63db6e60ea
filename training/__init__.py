"""Training frame, time-ordered folds, search, calibration, evaluation, evidence."""

from training.data.comparison_rows import (
    Again,
    AgainError,
    days_again,
    rows_again,
)
from training.data.fingerprint import code_hash
from training.data.frame import Frame, TooLittleDataError, read_frame
from training.evaluate.metrics import auc
from training.evaluate.model_comparison import ScoresError, Versus, versus
from training.evaluate.profit import Costs
from training.evaluate.slices import Slice
from training.leakage.checks import Finding, blind
from training.leakage.univariate_auc import Alone, alone
from training.plan import TrainingPlan
from training.report.comparison_pictures import Pair, pngs, versus_gallery
from training.train import Trained, train

__all__ = [
    "Again",
    "AgainError",
    "Alone",
    "Costs",
    "Finding",
    "Frame",
    "Pair",
    "ScoresError",
    "Slice",
    "TooLittleDataError",
    "Trained",
    "TrainingPlan",
    "Versus",
    "alone",
    "auc",
    "blind",
    "code_hash",
    "days_again",
    "pngs",
    "read_frame",
    "rows_again",
    "train",
    "versus",
    "versus_gallery",
]

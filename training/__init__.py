"""Training frame, time-ordered folds, search, calibration, evaluation, evidence."""

from training.data.comparison_rows import (
    ComparisonRows,
    ComparisonRowsError,
    comparison_dates,
    read_comparison_rows,
)
from training.data.contacts import Contacts
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
from training.request import TrainingRequest
from training.train import TrainingResult, train

__all__ = [
    "ComparisonRows",
    "ComparisonRowsError",
    "Contacts",
    "Costs",
    "Frame",
    "LeakageCheck",
    "ModelComparison",
    "Pair",
    "ScoresError",
    "Slice",
    "TooLittleDataError",
    "TrainingPlan",
    "TrainingRequest",
    "TrainingResult",
    "UnivariateAuc",
    "auc",
    "blind",
    "code_hash",
    "compare_models",
    "comparison_dates",
    "comparison_gallery",
    "pngs",
    "read_comparison_rows",
    "read_frame",
    "train",
    "univariate_auc",
]

"""Training frame, time-ordered folds, search, calibration, evaluation, evidence."""

from training.alone import Alone, alone
from training.fingerprint import code_hash
from training.frame import Frame, TooLittleDataError, read_frame
from training.leaks import Finding, blind
from training.metrics import auc
from training.plan import TrainingPlan
from training.profit import Costs
from training.slices import Slice
from training.train import Trained, train

__all__ = [
    "Alone",
    "Costs",
    "Finding",
    "Frame",
    "Slice",
    "TooLittleDataError",
    "Trained",
    "TrainingPlan",
    "alone",
    "auc",
    "blind",
    "code_hash",
    "read_frame",
    "train",
]

"""Training frame, time-ordered folds, search, calibration, evaluation, evidence."""

from training.again import Again, AgainError, days_again, rows_again
from training.alone import Alone, alone
from training.fingerprint import code_hash
from training.frame import Frame, TooLittleDataError, read_frame
from training.leaks import Finding, blind
from training.metrics import auc
from training.plan import TrainingPlan
from training.profit import Costs
from training.slices import Slice
from training.train import Trained, train
from training.versus import ScoresError, Versus, versus
from training.versus_pictures import Pair, pngs, versus_gallery

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

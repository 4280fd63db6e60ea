"""Training frame, time-ordered folds, search, calibration, evaluation, evidence."""

from training.fingerprint import code_hash
from training.frame import TooLittleDataError
from training.plan import TrainingPlan
from training.train import Trained, train

__all__ = ["TooLittleDataError", "Trained", "TrainingPlan", "code_hash", "train"]

"""Two checks for leaks against the true probabilities; a model with a leak can fail them while below the oracle.

Labels are drawn from the true probabilities. So the AUC of an honest score on labels equals its expected AUC under the
probabilities, up to chance. And no feature known at the date improves on the log-loss of the true probabilities.
"""

from dataclasses import dataclass

import numpy as np
import xgboost
from numpy.typing import NDArray
from scipy.special import expit, logit

from training import Frame, auc
from training.evaluate.metrics import Floats

#: a disagreement above this number of standard errors is a leak.
MAX_STANDARD_ERRORS = 3.0
FOLDS = 5
#: probabilities are clipped to this distance from 0 and 1 before log-odds are taken.
PROBABILITY_FLOOR = 1e-6
SHALLOW = {"max_depth": 3, "eta": 0.1, "min_child_weight": 1.0, "objective": "binary:logistic", "nthread": 1}
ROUNDS = 60

Ints = NDArray[np.int_]


@dataclass(frozen=True)
class HonestyComparison:
    """Two figures that must agree, and the standard error of their difference, second minus first, by person."""

    first: float
    second: float
    standard_error: float

    @property
    def standard_errors(self) -> float:
        """The difference in standard errors."""
        return (self.second - self.first) / max(self.standard_error, 1e-12)


def compare_auc(frame: Frame, score: Floats, probability: Floats) -> HonestyComparison:
    """Compare the expected AUC of a score under the true probabilities with its AUC on labels.

    Args:
        frame: rows with labels and entities.
        score: (n,) scores of the model, on any monotone scale.
        probability: (n,) true probabilities of leaving.
    """
    expected, slope = _expected(score, probability)
    people = np.unique(frame.entity, return_inverse=True)[1]
    shift = np.bincount(people, slope * (frame.labels - probability))
    return HonestyComparison(expected, auc(frame.labels, score), float(np.sqrt((shift**2).sum())))


def expected_auc(score: Floats, probability: Floats) -> float:
    """The AUC of a score under true probabilities: a pair has the weight p_i (1 - p_j), a tie counts half.

    >>> expected_auc(np.array([0.2, 0.9]), np.array([0.0, 1.0]))
    1.0
    """
    return _expected(score, probability)[0]


def _expected(score: Floats, probability: Floats) -> tuple[float, Floats]:
    """The expected AUC and its derivative by the label of each row, in O(n log n)."""
    rank, p = np.unique(score, return_inverse=True)[1], probability
    leaving, staying = np.bincount(rank, p), np.bincount(rank, 1 - p)
    below_credit = (np.cumsum(staying) - staying / 2)[rank] - (1 - p) / 2
    above_credit = (leaving.sum() - np.cumsum(leaving) + leaving / 2)[rank] - p / 2
    pairs = p.sum() * (1 - p).sum() - (p * (1 - p)).sum()
    value = float((p * below_credit).sum() / pairs)
    partners = ((1 - p).sum() - (1 - p)) - (p.sum() - p)
    return value, np.asarray((below_credit - above_credit - value * partners) / pairs, dtype=np.float64)


def compare_log_loss(frame: Frame, probability: Floats, seed: int) -> HonestyComparison:
    """Compare the log-loss of the true probabilities with and without a model of the features added to them.

    The model is fitted on other people. A positive difference means that it knows later random draws.
    """
    offset = logit(np.clip(probability, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR))
    losses = [_row_losses(frame.labels, margin) for margin in (out_of_fold(frame, seed, offset), offset)]
    people = np.unique(frame.entity, return_inverse=True)[1]
    gain = losses[1] - losses[0]
    by_person = np.bincount(people, gain - gain.mean())
    error = float(np.sqrt((by_person**2).sum()) / len(gain))
    return HonestyComparison(float(losses[0].mean()), float(losses[1].mean()), error)


def out_of_fold(frame: Frame, seed: int, offset: Floats | None = None) -> Floats:
    """Log-odds (n,) from models fitted on other people; `offset` (n,) is added to their log-odds."""
    people = np.unique(frame.entity, return_inverse=True)[1]
    fold = np.random.default_rng(seed).integers(0, FOLDS, people.max() + 1)[people]
    base = np.zeros(len(frame)) if offset is None else offset
    margin = np.empty(len(frame))
    for number in range(FOLDS):
        fit, held_out = fold != number, fold == number
        early = xgboost.QuantileDMatrix(frame.rows[fit], label=frame.labels[fit], base_margin=base[fit])
        late = xgboost.DMatrix(frame.rows[held_out], base_margin=base[held_out])
        native = xgboost.train({**SHALLOW, "seed": seed}, early, num_boost_round=ROUNDS)
        margin[held_out] = native.predict(late, output_margin=True)
    return margin


def _row_losses(labels: Ints, margin: Floats) -> Floats:
    probability = np.clip(expit(margin), PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return np.asarray(-np.log(np.where(labels == 1, probability, 1 - probability)), dtype=np.float64)

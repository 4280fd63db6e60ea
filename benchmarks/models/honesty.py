"""Is a score honest? Two questions to the simulator's own probabilities, which a model below the oracle can still fail.

Labels are drawn from the true probabilities. So the ROC-AUC of an honest score on labels is the one that is expected
under the probabilities, but for chance; and nothing that was known at the date can be added to the probabilities.
"""

from dataclasses import dataclass

import numpy as np
import xgboost
from numpy.typing import NDArray
from scipy.special import expit, logit

from training import Frame, auc
from training.evaluate.metrics import Floats

#: standard errors beyond which a disagreement is no chance.
BOUND = 3.0
FOLDS = 5
#: a probability of 0 or 1 is known for sure; its log-odds are cut here.
SURE = 1e-6
SHALLOW = {"max_depth": 3, "eta": 0.1, "min_child_weight": 1.0, "objective": "binary:logistic", "nthread": 1}
ROUNDS = 60

Ints = NDArray[np.int_]


@dataclass(frozen=True)
class Comparison:
    """Two figures that must agree, and the standard error of the second minus the first, by person."""

    first: float
    second: float
    standard_error: float

    @property
    def standard_errors(self) -> float:
        """Their difference in standard errors."""
        return (self.second - self.first) / max(self.standard_error, 1e-12)


def compare_auc(frame: Frame, score: Floats, probability: Floats) -> Comparison:
    """The AUC of a score that is expected under the true probabilities, and the one on labels.

    Args:
        frame: rows with labels and entities.
        score: (n,) of the model, any monotone scale.
        probability: (n,) true probabilities of leaving.
    """
    expected, slope = _expected(score, probability)
    people = np.unique(frame.entity, return_inverse=True)[1]
    shift = np.bincount(people, slope * (frame.labels - probability))
    return Comparison(expected, auc(frame.labels, score), float(np.sqrt((shift**2).sum())))


def expected_auc(score: Floats, probability: Floats) -> float:
    """The AUC of a score under true probabilities: pairs count p_i (1 - p_j), ties half.

    >>> expected_auc(np.array([0.2, 0.9]), np.array([0.0, 1.0]))
    1.0
    """
    return _expected(score, probability)[0]


def _expected(score: Floats, probability: Floats) -> tuple[float, Floats]:
    """The expected AUC, and how it changes with each row's label, in O(n log n)."""
    place, p = np.unique(score, return_inverse=True)[1], probability
    leaving, staying = np.bincount(place, p), np.bincount(place, 1 - p)
    beaten = (np.cumsum(staying) - staying / 2)[place] - (1 - p) / 2
    beating = (leaving.sum() - np.cumsum(leaving) + leaving / 2)[place] - p / 2
    pairs = p.sum() * (1 - p).sum() - (p * (1 - p)).sum()
    value = float((p * beaten).sum() / pairs)
    partners = ((1 - p).sum() - (1 - p)) - (p.sum() - p)
    return value, np.asarray((beaten - beating - value * partners) / pairs, dtype=np.float64)


def compare_log_loss(frame: Frame, probability: Floats, seed: int) -> Comparison:
    """The log-loss of the true probabilities with a model of the features on top, judged on other people; and without.

    A model that wins knows what was drawn later. The second minus the first is what it wins.
    """
    offset = logit(np.clip(probability, SURE, 1 - SURE))
    losses = [_losses(frame.labels, margin) for margin in (out_of_fold(frame, seed, offset), offset)]
    people = np.unique(frame.entity, return_inverse=True)[1]
    gain = losses[1] - losses[0]
    by_person = np.bincount(people, gain - gain.mean())
    error = float(np.sqrt((by_person**2).sum()) / len(gain))
    return Comparison(float(losses[0].mean()), float(losses[1].mean()), error)


def out_of_fold(frame: Frame, seed: int, offset: Floats | None = None) -> Floats:
    """Log-odds by models that were fitted on other people, on top of an offset (n,) if there is one."""
    people = np.unique(frame.entity, return_inverse=True)[1]
    fold = np.random.default_rng(seed).integers(0, FOLDS, people.max() + 1)[people]
    base = np.zeros(len(frame)) if offset is None else offset
    margin = np.empty(len(frame))
    for number in range(FOLDS):
        fit, judge = fold != number, fold == number
        early = xgboost.QuantileDMatrix(frame.rows[fit], label=frame.labels[fit], base_margin=base[fit])
        late = xgboost.DMatrix(frame.rows[judge], base_margin=base[judge])
        native = xgboost.train({**SHALLOW, "seed": seed}, early, num_boost_round=ROUNDS)
        margin[judge] = native.predict(late, output_margin=True)
    return margin


def _losses(labels: Ints, margin: Floats) -> Floats:
    chance = np.clip(expit(margin), SURE, 1 - SURE)
    return np.asarray(-np.log(np.where(labels == 1, chance, 1 - chance)), dtype=np.float64)

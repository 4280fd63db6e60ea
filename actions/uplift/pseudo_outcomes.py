"""Outcome model, cross-fitted over people, and pseudo-outcomes whose mean is the effect of an action.

The design's probabilities are known, so no propensity is estimated. The pseudo-outcome of row i and action k is
`(y_i - m(x_i)) * (1[arm_i = k] / p_ik - 1[arm_i = control] / p_i0)`, with m the probability of staying whatever the
arm. Its mean given x is the effect of k for any m (Robins, Rotnitzky and Zhao, 1994); a good m makes it less variable.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Experiment, ExperimentError, Floats
from training.data.folds import entity_groups
from training.models.families import family as find_family
from training.models.fit import fit_family

#: groups of people for cross-fitting.
FOLDS = 5
#: family of outcome models, and its parameters: few shallow trees, because campaigns are small.
OUTCOME_FAMILY = "xgboost"
OUTCOME_PARAMS: dict[str, dict[str, Any]] = {
    "xgboost": {"max_depth": 3, "rounds": 60, "eta": 0.1, "min_child_weight": 10.0, "colsample_bytree": 0.5},
    "catboost": {"depth": 3, "iterations": 100, "learning_rate": 0.08},
    "logistic": {"C": 0.003},
}
#: the most columns that an outcome model is fitted on, by the correlation of their ranks with the outcome.
SCREENED_COLUMNS = 60
#: the most columns that a learner is fitted on: the strongest of the outcome model, and those that split the effect.
OUTCOME_COLUMNS, EFFECT_COLUMNS = 24, 12
#: rows of which contributions of columns are taken.
SAMPLE_ROWS = 1500
#: two fits at a time: a fit uses one thread, so that its bytes are the same on any number of cores.
THREADS = 2

Ints = NDArray[np.int_]


@dataclass(frozen=True)
class OutcomeModel:
    """A fitted outcome model: log-odds of leaving whatever the arm, from some columns of an experiment."""

    family: str
    native: Any
    columns: tuple[int, ...]

    @classmethod
    def fit(cls, experiment: Experiment, columns: tuple[int, ...], seed: int) -> "OutcomeModel":
        """Fit on the rows of an experiment."""
        rows, left = experiment.rows[:, columns], 1.0 - experiment.outcome
        return cls(OUTCOME_FAMILY, fit_outcome(OUTCOME_FAMILY, rows, left, seed), columns)

    def log_odds(self, rows: Floats) -> Floats:
        """Log-odds (n,) of leaving."""
        margin: Floats = find_family(self.family).margin(self.native, rows[:, self.columns])
        return margin


@dataclass(frozen=True)
class LearnerInput:
    """Rows to fit a learner on.

    Attributes:
        experiment: n rows.
        log_odds: (n,) log-odds of leaving by an outcome model that was not fitted on the row's person.
        outcome: outcome model of all rows.
        columns: positions of the columns to use.
        seed: random seed of the fits.
    """

    experiment: Experiment
    log_odds: Floats
    outcome: OutcomeModel
    columns: tuple[int, ...]
    seed: int

    @property
    def pseudo_outcomes(self) -> Floats:
        """Pseudo-outcomes (n, actions)."""
        return pseudo_outcomes(self.experiment, self.log_odds)

    @property
    def selected(self) -> Floats:
        """The columns to use, (n, columns)."""
        return self.experiment.rows[:, self.columns]


def fit_outcome(name: str, rows: Floats, left: Floats, seed: int, weights: Floats | None = None) -> Any:
    """A native outcome model of a family.

    Args:
        name: of the family.
        rows: (n, columns).
        left: (n,) 1 for people who left.
        seed: random seed.
        weights: (n,) row weights with mean 1, or None.

    Raises:
        ExperimentError: nobody left, or everybody.
    """
    labels = np.rint(left).astype(np.int_)
    if not 0 < labels.sum() < len(labels):
        raise ExperimentError(
            f"Of {len(labels):,} rows {labels.sum():,} left: an outcome model needs both; use a longer experiment."
        )
    return fit_family(name, rows, labels, OUTCOME_PARAMS.get(name, {}), seed, weights)


def people_folds(experiment: Experiment) -> Ints:
    """Fold (n,) of each row, from 0 to `FOLDS` - 1; all rows of a person are in one fold."""
    folds: Ints = entity_groups(experiment.people.astype(str), FOLDS).astype(np.int_)
    return folds


def cross_fit_outcome(
    experiment: Experiment, folds: Ints, columns: tuple[int, ...], seed: int
) -> tuple[list[OutcomeModel], Floats]:
    """Outcome models without each fold, and the log-odds (n,) that they give the rows left out."""
    with ThreadPoolExecutor(THREADS) as pool:
        models = list(
            pool.map(lambda fold: OutcomeModel.fit(experiment.select(folds != fold), columns, seed), range(FOLDS))
        )
    log_odds = np.zeros(len(experiment))
    for fold, model in enumerate(models):
        log_odds[folds == fold] = model.log_odds(experiment.rows[folds == fold])
    return models, log_odds


def screen_columns(experiment: Experiment) -> tuple[int, ...]:
    """Columns whose ranks, or squared ranks, correlate most with the outcome."""
    width = experiment.rows.shape[1]
    if width <= SCREENED_COLUMNS:
        return tuple(range(width))
    ranks = rank_columns(experiment.rows)
    scores = np.maximum(
        *(squared_correlations(columns - columns.mean(axis=0), experiment.outcome[:, None]) for columns in
          (ranks, ranks**2))
    )  # fmt: skip
    return tuple(sorted(np.argsort(-scores, kind="stable")[:SCREENED_COLUMNS].tolist()))


def stay_probability(log_odds: Floats) -> Floats:
    """Probability of staying from log-odds of leaving."""
    probability: Floats = 1.0 / (1.0 + np.exp(log_odds))
    return probability


def eligible(experiment: Experiment) -> NDArray[np.bool_]:
    """Whether (n, actions) a row could get the action and could be control."""
    allowed: NDArray[np.bool_] = (experiment.probability[:, 1:] > 0) & (experiment.probability[:, :1] > 0)
    return allowed


def contrasts(experiment: Experiment) -> Floats:
    """`1[arm = k] / p_k - 1[arm = control] / p_0`, (n, actions); 0 where a row could not get the action."""
    weight = 1.0 / experiment.assigned_probability
    treated = experiment.arm[:, None] == np.arange(1, len(experiment.arms))
    control = (experiment.arm == 0)[:, None]
    contrast: Floats = weight[:, None] * (treated.astype(np.float64) - control) * eligible(experiment)
    return contrast


def pseudo_outcomes(experiment: Experiment, log_odds: Floats) -> Floats:
    """Pseudo-outcomes (n, actions); NaN where a row could not get the action."""
    residual = experiment.outcome - stay_probability(log_odds)
    return np.where(eligible(experiment), residual[:, None] * contrasts(experiment), np.nan)


def precision_weights(experiment: Experiment) -> Floats:
    """Weights (n, actions) in proportion to 1 / variance of the pseudo-outcomes; 0 where there is none."""
    control, treated = experiment.probability[:, :1], experiment.probability[:, 1:]
    total = np.where(treated + control > 0, treated + control, 1.0)
    weights: Floats = treated * control / total
    return weights


def select_columns(experiment: Experiment, log_odds: Floats, outcome: OutcomeModel) -> tuple[int, ...]:
    """Columns that contribute most to the outcome, then those on which the pseudo-outcomes depend most.

    Args:
        experiment: the rows of the fit.
        log_odds: (n,) cross-fitted log-odds of leaving.
        outcome: fitted on the same rows.
    """
    width = experiment.rows.shape[1]
    if width <= OUTCOME_COLUMNS + EFFECT_COLUMNS:
        return tuple(range(width))
    sample = experiment.rows[:: max(1, len(experiment) // SAMPLE_ROWS)][:, outcome.columns]
    strength = np.abs(find_family(outcome.family).contributions(outcome.native, sample)).mean(axis=0)
    strongest = np.array(outcome.columns)[np.argsort(-strength, kind="stable")[:OUTCOME_COLUMNS]]
    splitting = effect_scores(experiment, log_odds)
    splitting[strongest] = -1.0
    return tuple(sorted({*strongest.tolist(), *np.argsort(-splitting, kind="stable")[:EFFECT_COLUMNS].tolist()}))


def effect_scores(experiment: Experiment, log_odds: Floats) -> Floats:
    """For each column, the largest squared correlation of its ranks with the pseudo-outcomes of an action."""
    ranks = rank_columns(experiment.rows)
    pseudo = pseudo_outcomes(experiment, log_odds)
    mean = np.nan_to_num(pseudo - np.nanmean(pseudo, axis=0))
    pooled = mean.mean(axis=1, keepdims=True)
    targets = np.column_stack([mean, pooled])
    return squared_correlations(ranks, targets)


def squared_correlations(columns: Floats, targets: Floats) -> Floats:
    """For each centred column, the largest squared correlation with a target."""
    centred = targets - targets.mean(axis=0)
    products = columns.T @ centred
    scale = (columns**2).sum(axis=0)[:, None] * (centred**2).sum(axis=0)
    scores: Floats = np.divide(products**2, scale, out=np.zeros_like(products), where=scale > 0).max(axis=1)
    return scores


def rank_columns(rows: Floats) -> Floats:
    """Centred ranks (n, columns) from -0.5 to 0.5, ties in the middle; null counts as the middle, 0."""
    from scipy.stats import rankdata

    ranks = rankdata(rows, axis=0, nan_policy="omit")
    count = (~np.isnan(rows)).sum(axis=0)
    centred = (ranks - 0.5) / np.maximum(count, 1) - 0.5
    filled: Floats = np.nan_to_num(centred - np.nanmean(np.where(count > 0, centred, 0.0), axis=0))
    return filled

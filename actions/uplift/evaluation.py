"""Choose a learner on the earlier campaigns by cross-fitting, and judge it once on the later ones.

Effects of a learner are calibrated by cross-fitting too: the averages are those that the experiment measured, and the
differences between people are multiplied by the slope of the measured on the predicted ones (the best linear predictor
of Chernozhukov et al., 2018), shrunk by its noise.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Experiment, ExperimentError, Floats
from actions.uplift.learners import CONSTANT, Learner, calibrated, learners_for
from actions.uplift.policy_gain import GainEstimates, Targeting, choose_actions, estimate_gains
from actions.uplift.pseudo_outcomes import (
    FOLDS,
    THREADS,
    Ints,
    LearnerInput,
    OutcomeModel,
    cross_fit_outcome,
    people_folds,
    precision_weights,
    pseudo_outcomes,
    screen_columns,
    select_columns,
)
from actions.uplift.uplift_model import UpliftBundle
from training.data.folds import entity_groups

#: share of the rows, and number of campaigns, that judge at least.
JUDGED_SHARE, JUDGED_CAMPAIGNS = 0.25, 2
#: groups of people of an experiment of one campaign, and how many of them judge.
PEOPLE_GROUPS, JUDGED_GROUPS = 10, 3
#: the largest factor of the differences between people that a learner predicts.
MAX_SLOPE = 10.0
OUT_OF_TIME, BY_PERSON = "out of time", "by person, not out of time"


@dataclass(frozen=True)
class ExperimentSplit:
    """Earlier campaigns, on which learners are fitted and chosen, and later ones, which judge.

    With one campaign, people are split instead, and `validation` says so.
    """

    development: Experiment
    judged: Experiment
    validation: str


@dataclass(frozen=True)
class FittedLearner:
    """A learner on the development rows.

    Attributes:
        learner: the procedure.
        bundle: fitted on all development rows, calibrated.
        cross_fitted: (n, actions) effects of the development rows by models of other people.
        targeting: actions by the cross-fitted effects.
    """

    learner: Learner
    bundle: UpliftBundle
    cross_fitted: Floats
    targeting: Targeting


@dataclass(frozen=True)
class Evaluation:
    """The chosen learner and what it gains.

    Attributes:
        split: the rows.
        price: (actions,) cost of each action divided by the value of a person kept.
        learners: fitted learners by name.
        failures: learner that could not be fitted -> sentence.
        log_odds: cross-fitted log-odds of leaving of the development rows, then those of the judged rows by the model
            of all development rows.
        development: cross-fitted gains by learner.
        judged: gains on the judged rows by learner.
        targetings: actions on the judged rows by learner.
        chosen: learner with the largest cross-fitted gain over the constant effect.
    """

    split: ExperimentSplit
    price: Floats
    learners: Mapping[str, FittedLearner]
    failures: Mapping[str, str]
    log_odds: tuple[Floats, Floats]
    development: Mapping[str, GainEstimates]
    judged: Mapping[str, GainEstimates]
    targetings: Mapping[str, Targeting]
    chosen: str

    @property
    def is_usable(self) -> bool:
        """Whether the chosen learner is better than the constant effect with 95% confidence, on the judged rows."""
        return self.chosen != CONSTANT.name and self.judged[self.chosen].over_constant.interval().low > 0

    @property
    def selected(self) -> FittedLearner:
        """The chosen learner if its differences between people are usable, else the constant effect."""
        return self.learners[self.chosen if self.is_usable else CONSTANT.name]


@dataclass(frozen=True)
class _Preparation:
    """What all learners share: folds, outcome models and selected columns of the development rows."""

    development: Experiment
    folds: Ints
    log_odds: Floats
    inputs: Sequence[LearnerInput]
    whole: LearnerInput


def split_experiment(experiment: Experiment) -> ExperimentSplit:
    """Split by the days on which campaigns begin; without two such days, people are split by a hash.

    Raises:
        ExperimentError: there are no rows to judge on.
    """
    names, position = np.unique(experiment.campaigns.astype(str), return_inverse=True)
    started = np.array([experiment.assigned_on[position == place].min() for place in range(len(names))])
    days = np.unique(started)
    if len(days) < 2:
        group = entity_groups(experiment.people.astype(str), PEOPLE_GROUPS)
        return _split(experiment, group >= PEOPLE_GROUPS - JUDGED_GROUPS, BY_PERSON)
    for first in days[:0:-1]:  # from the last day to the second one
        judged = started[position] >= first
        if (started >= first).sum() >= JUDGED_CAMPAIGNS and judged.mean() >= JUDGED_SHARE:
            break
    return _split(experiment, judged, OUT_OF_TIME)


def evaluate_learners(
    experiment: Experiment,
    price: Floats,
    seed: int,
    say: Callable[[str], None] = lambda line: None,
    learners: Sequence[Learner] | None = None,
) -> Evaluation:
    """Fit all learners, choose one by cross-fitting, and judge it on later campaigns.

    Args:
        experiment: all rows.
        price: (actions,) cost of each action divided by the value of a person kept; zeros if that is not known.
        seed: random seed of fits and bootstrap.
        say: receives a line about each learner that cannot be fitted.
        learners: to try; None for all that suit the experiment.

    Raises:
        ExperimentError: too few rows, or an arm in which nobody left.
    """
    split = split_experiment(experiment)
    prepared = _prepare(split.development, seed)
    chosen_from = learners or learners_for(experiment)
    fitted, failures = _fit_all(prepared, chosen_from, price)
    for name, sentence in failures.items():
        say(f"uplift · {name} is left out: {sentence}")
    people = split.development.people
    development = estimate_gains(
        {name: learner.targeting for name, learner in fitted.items()}, CONSTANT.name, people, seed
    )
    chosen = max(fitted, key=lambda name: (float(development[name].over_constant.value), name == CONSTANT.name))
    log_odds = prepared.whole.outcome.log_odds(split.judged.rows)
    targetings = {
        name: choose_actions(split.judged, learner.bundle.effects(split.judged.rows), log_odds, price)
        for name, learner in fitted.items()
    }
    judged = estimate_gains(targetings, CONSTANT.name, split.judged.people, seed)
    return Evaluation(
        split, price, fitted, failures, (prepared.log_odds, log_odds), development, judged, targetings, chosen
    )


def average_effects(experiment: Experiment, log_odds: Floats) -> Floats:
    """Average effect (actions,) of each action on the rows that could get it."""
    with np.errstate(invalid="ignore"):
        averages: Floats = np.nanmean(pseudo_outcomes(experiment, log_odds), axis=0)
    return averages


def _split(experiment: Experiment, judged: NDArray[np.bool_], validation: str) -> ExperimentSplit:
    parts = experiment.select(~judged), experiment.select(judged)
    for name, part in zip(("earlier", "later"), parts, strict=True):
        missing = [arm for number, arm in enumerate(experiment.arms) if not (part.arm == number).any()]
        if missing:
            raise ExperimentError(
                f"The {name} campaigns have no row of {', '.join(missing)}, so its effect cannot be learnt and judged; "
                "bring more campaigns, or leave the action out."
            )
    return ExperimentSplit(*parts, validation)


def _prepare(development: Experiment, seed: int) -> _Preparation:
    folds, columns = people_folds(development), screen_columns(development)
    models, log_odds = cross_fit_outcome(development, folds, columns, seed)
    whole = OutcomeModel.fit(development, columns, seed)
    inputs = [_input(development, folds != fold, log_odds, model, seed) for fold, model in enumerate(models)]
    everybody = np.ones(len(development), dtype=np.bool_)
    return _Preparation(development, folds, log_odds, inputs, _input(development, everybody, log_odds, whole, seed))


def _input(
    development: Experiment, mask: NDArray[np.bool_], log_odds: Floats, outcome: OutcomeModel, seed: int
) -> LearnerInput:
    rows, odds = development.select(mask), log_odds[mask]
    return LearnerInput(rows, odds, outcome, select_columns(rows, odds, outcome), seed)


def _fit_all(
    prepared: _Preparation, learners: Sequence[Learner], price: Floats
) -> tuple[dict[str, FittedLearner], dict[str, str]]:
    """Fitted learners by name, and sentences about those that do not suit the rows."""
    with ThreadPoolExecutor(THREADS) as pool:
        futures = {learner: pool.submit(_fit, prepared, learner, price) for learner in learners}
    fitted: dict[str, FittedLearner] = {}
    failures: dict[str, str] = {}
    for learner, future in futures.items():
        try:
            fitted[learner.name] = future.result()
        except ExperimentError as error:
            failures[learner.name] = str(error)
    return fitted, failures


def _fit(prepared: _Preparation, learner: Learner, price: Floats) -> FittedLearner:
    development, folds = prepared.development, prepared.folds
    count = len(development.arms) - 1
    spread, average = np.zeros((len(development), count)), np.zeros((len(development), count))
    for fold, rows in enumerate(prepared.inputs):
        bundle, left_out = learner.fit(rows), folds == fold
        center = bundle.raw_effects(rows.experiment.rows).mean(axis=0)
        spread[left_out] = bundle.raw_effects(development.rows[left_out]) - center
        average[left_out] = average_effects(rows.experiment, rows.log_odds)
    slopes = np.array([_slope(prepared, spread, average, folds != fold) for fold in range(FOLDS)])
    effects = average + slopes[folds][:, None] * spread
    whole = learner.fit(prepared.whole)
    bundle = calibrated(
        whole,
        average_effects(development, prepared.log_odds),
        _slope(prepared, spread, average, np.ones(len(folds), dtype=np.bool_)),
        whole.raw_effects(development.rows).mean(axis=0),
    )
    return FittedLearner(
        learner, bundle, effects, choose_actions(development, effects, prepared.log_odds, price, folds)
    )  # fmt: skip


def _slope(prepared: _Preparation, spread: Floats, average: Floats, mask: NDArray[np.bool_]) -> float:
    """Slope of measured on predicted differences between people, shrunk by its noise, from 0 to `MAX_SLOPE`.

    The estimate is multiplied by `1 - (standard error / estimate)^2`, at least 0 (James and Stein, 1961): a learner
    whose differences are noise gets the slope 0, and with it the constant effect.
    """
    measured = pseudo_outcomes(prepared.development, prepared.log_odds)[mask] - average[mask]
    weights, predicted = precision_weights(prepared.development)[mask], spread[mask]
    square = float((weights * predicted**2).sum())
    if square <= 0:
        return 0.0
    slope = float((weights * np.nan_to_num(measured) * predicted).sum()) / square
    errors = (weights * predicted * (np.nan_to_num(measured) - slope * predicted)).sum(axis=1)
    noise = float((errors**2).sum()) / square**2
    return float(np.clip(slope * (1 - noise / slope**2), 0.0, MAX_SLOPE)) if slope > 0 else 0.0

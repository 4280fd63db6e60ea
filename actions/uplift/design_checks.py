"""Checks of an experiment's design: sample ratio, balance of features, contamination, and a placebo of the model."""

from dataclasses import dataclass

import numpy as np

from actions.design.experiment_checks import feature_balances, holm, sample_ratio_p_value
from actions.experiment import Experiment, Floats
from actions.uplift.policy_gain import Targeting
from training.evaluate.bootstrap import Interval

#: assignments that are drawn again for the placebo.
PLACEBO_DRAWS = 400


@dataclass(frozen=True)
class SampleRatio:
    """Numbers of people by arm against the design.

    Attributes:
        p_value: of the chi-squared test, smallest over campaigns, adjusted for their number.
        campaign: where it is smallest.
        rows: rows by arm.
        expected: sum of the design's probabilities by arm.
    """

    p_value: float
    campaign: str
    rows: dict[str, int]
    expected: dict[str, float]


@dataclass(frozen=True)
class Balance:
    """Features of those with an action against those of control, before the assignment.

    Attributes:
        p_value: smallest over features and actions, adjusted for their number.
        feature: where it is smallest.
        action: where it is smallest.
        comparisons: number of features times actions.
        largest_difference: of means, in standard deviations.
    """

    p_value: float
    feature: str
    action: str
    comparisons: int
    largest_difference: float


@dataclass(frozen=True)
class Contamination:
    """Other contacts of people who were assigned to control.

    Attributes:
        share: of control rows with a contact outside the design; None if that is not known.
        other_campaigns: share of control rows whose person got an action of another campaign within the days.
        days: length of that window.
    """

    share: float | None
    other_campaigns: float
    days: int


def sample_ratio(experiment: Experiment) -> SampleRatio:
    """Compare numbers by arm with the sums of the design's probabilities, campaign by campaign."""
    campaigns = np.unique(experiment.campaigns.astype(str))
    masks = [experiment.campaigns.astype(str) == name for name in campaigns]
    p_values = [sample_ratio_p_value(experiment.arm[mask], experiment.probability[mask]) for mask in masks]
    worst = int(np.argmin(p_values))
    return SampleRatio(
        float(holm(p_values)[worst]),
        str(campaigns[worst]),
        {name: int((experiment.arm == arm).sum()) for arm, name in enumerate(experiment.arms)},
        dict(zip(experiment.arms, experiment.probability.sum(axis=0).round(1).tolist(), strict=True)),
    )


def balance(experiment: Experiment) -> Balance:
    """Compare the ranks of all features between each action and control; features that hardly vary are left out."""
    balances = feature_balances(experiment)
    if not balances:
        return Balance(1.0, "no feature", experiment.arms[1], 0, 0.0)
    worst = min(balances, key=lambda each: each.p_value)
    largest = max(abs(each.difference) for each in balances)
    smallest = float(holm([each.p_value for each in balances]).min())
    return Balance(smallest, worst.feature, worst.arm, len(balances), float(largest))


def contamination(experiment: Experiment, days: int, share: float | None = None) -> Contamination:
    """How many control rows got contacts of other campaigns within `days`, or outside the design.

    Args:
        experiment: all rows.
        days: length of the window after an assignment.
        share: of control rows with a contact outside the design, if it was counted.
    """
    people = np.unique(experiment.people.astype(str), return_inverse=True)[1]
    day = experiment.assigned_on.astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((day, people))
    contacted: dict[int, list[tuple[int, str]]] = {}
    for row in order[experiment.arm[order] > 0]:
        contacted.setdefault(int(people[row]), []).append((int(day[row]), str(experiment.campaigns[row])))
    control = np.flatnonzero(experiment.arm == 0)
    count = sum(
        any(
            abs(other - int(day[row])) <= days and campaign != str(experiment.campaigns[row])
            for other, campaign in contacted.get(int(people[row]), ())
        )
        for row in control
    )
    return Contamination(share, count / max(1, len(control)), days)


def placebo(experiment: Experiment, targeting: Targeting, log_odds: Floats, seed: int) -> Interval:
    """Ordering gain of the model on control rows whose arm is drawn again by a coin: it must include 0.

    Nobody among these rows got an action, so any gain would be a defect of the measurement. The interval is of
    `PLACEBO_DRAWS` draws of the coin.

    Args:
        experiment: the judged rows.
        targeting: actions of the judged rows by the model.
        log_odds: (n,) of leaving.
        seed: random seed of the coins.
    """
    control = experiment.arm[targeting.place] == 0
    score = targeting.score[control]
    residual = (experiment.outcome - 1.0 / (1.0 + np.exp(log_odds)))[targeting.place][control]
    order = np.argsort(-score, kind="stable")
    rest = 0.5 - (np.arange(len(score)) + 0.5) / max(1, len(score))
    coins = 2 * np.random.default_rng(seed).integers(0, 2, size=(PLACEBO_DRAWS, len(score))) - 1
    gains = (coins * 2.0 * residual[order]) @ rest / max(1, len(score))
    low, high = np.percentile(gains, [2.5, 97.5])
    return Interval(float(np.clip(gains.mean(), low, high)), float(low), float(high))

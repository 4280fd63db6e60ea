"""Checks of an experiment's design: sample ratio, balance of features, contamination, and a placebo of the model."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Experiment, Floats
from actions.uplift.policy_gain import Targeting
from actions.uplift.pseudo_outcomes import contrasts, eligible, rank_columns
from training.evaluate.bootstrap import Interval

#: assignments that are drawn again for the placebo.
PLACEBO_DRAWS = 400


@dataclass(frozen=True)
class SampleRatio:
    """Numbers of people by arm against the design.

    Attributes:
        p_value: of the chi-squared test, smallest over campaigns, multiplied by their number.
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
        p_value: smallest over features and actions, multiplied by their number.
        feature: where it is smallest.
        action: where it is smallest.
        comparisons: number of features times actions.
        largest_difference: of mean ranks, in shares of the range from the lowest to the highest rank.
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
    """Compare numbers by arm with the sums of the design's probabilities, in all and in each campaign.

    The statistic is `d' V^-1 d`, with d the differences and V their covariance, for probabilities that differ by row.
    """
    groups = {"all": np.ones(len(experiment), dtype=np.bool_)}
    campaigns = np.unique(experiment.campaigns.astype(str))
    if len(campaigns) > 1:
        groups |= {name: experiment.campaigns.astype(str) == name for name in campaigns}
    values = {name: _sample_ratio_p(experiment.select(mask)) for name, mask in groups.items()}
    smallest = min(values, key=lambda name: values[name])
    return SampleRatio(
        min(1.0, values[smallest] * len(values)),
        smallest,
        {name: int((experiment.arm == arm).sum()) for arm, name in enumerate(experiment.arms)},
        dict(zip(experiment.arms, experiment.probability.sum(axis=0).round(1).tolist(), strict=True)),
    )


def balance(experiment: Experiment) -> Balance:
    """Compare ranks of all features, and where they are null, between each action and control."""
    missing = np.isnan(experiment.rows)
    varies = np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0))
    columns = np.column_stack([rank_columns(experiment.rows), missing[:, varies] - missing[:, varies].mean(axis=0)])
    names = [*experiment.names, *(f"{experiment.names[column]} is null" for column in varies)]
    contrast, allowed = contrasts(experiment), eligible(experiment)
    p_values = np.ones((len(names), contrast.shape[1]))
    differences = np.zeros_like(p_values)
    for action in range(contrast.shape[1]):
        rows = allowed[:, action]
        products = contrast[rows, action][:, None] * (columns[rows] - columns[rows].mean(axis=0))
        differences[:, action] = products.mean(axis=0)
        error = products.std(axis=0) / np.sqrt(rows.sum())
        z = np.divide(differences[:, action], error, out=np.zeros(len(names)), where=error > 1e-12)
        p_values[:, action] = _two_sided(z)
    place = divmod(int(p_values.argmin()), p_values.shape[1])
    return Balance(
        min(1.0, float(p_values.min()) * p_values.size), names[place[0]], experiment.arms[place[1] + 1],
        p_values.size, float(np.abs(differences).max()),
    )  # fmt: skip


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


def as_json(result: SampleRatio | Balance | Contamination) -> dict[str, Any]:
    """The entries of the evidence."""
    return asdict(result)


def _sample_ratio_p(experiment: Experiment) -> float:
    from scipy.stats import chi2

    probability = experiment.probability
    counts = np.bincount(experiment.arm, minlength=probability.shape[1])
    difference = counts - probability.sum(axis=0)
    covariance = np.diag(probability.sum(axis=0)) - probability.T @ probability
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    statistic = float(difference @ np.linalg.pinv(covariance, hermitian=True) @ difference)
    return float(chi2.sf(statistic, rank)) if rank else 1.0


def _two_sided(z: NDArray[np.float64]) -> Floats:
    from scipy.stats import norm

    p_values: Floats = 2 * norm.sf(np.abs(z))
    return p_values

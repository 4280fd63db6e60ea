"""Checks of the randomisation of past experiments."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.design.contamination import ContactedControls
from actions.experiment import Experiment, Floats
from registry.gate.checks.check import Check

#: a check of many tests fails if its smallest p-value, adjusted by Holm, is below this.
SIGNIFICANCE = 0.01
#: highest share of control rows that were contacted, and of rows whose probabilities do not add up.
MAX_CONTACTED, MAX_INCOHERENT = 0.01, 0.05
#: fewest effective rows of each group that differ from a feature's most frequent value; the normal approximation of the
#: test of balance needs them.
MIN_DIFFERING = 25
#: number of features that a sentence names.
NAMED_FEATURES = 3


@dataclass(frozen=True)
class FeatureBalance:
    """Difference of one feature between an arm and control.

    Attributes:
        feature: its name.
        arm: name of the arm.
        difference: standardised mean difference, weighted by inverse probability.
        p_value: of no difference, two-sided.
    """

    feature: str
    arm: str
    difference: float
    p_value: float


def sample_ratio_check(experiment: Experiment) -> Check:
    """Compare the numbers of rows by arm with their probabilities, campaign by campaign.

    The statistic of a campaign is `d' V^-1 d` with the differences d of observed and expected numbers and their
    covariance V, the chi-square statistic of Pearson where all rows have the same probabilities.
    """
    campaigns = np.unique(experiment.campaigns.astype(str))
    p_values = [
        sample_ratio_p_value(experiment.arm[mask], experiment.probability[mask])
        for mask in (experiment.campaigns.astype(str) == name for name in campaigns)
    ]
    worst = int(np.argmin(p_values))
    smallest = holm(p_values)[worst]
    passed = bool(smallest >= SIGNIFICANCE)
    if passed:
        sentence = f"Arms of all {len(campaigns)} campaigns have the sizes of their probabilities (p {smallest:.2g})."
    else:
        rows = experiment.select(experiment.campaigns.astype(str) == campaigns[worst])
        counts = np.bincount(rows.arm, minlength=len(rows.arms))
        expected = rows.probability.sum(axis=0)
        arm = int(np.abs(counts - expected).argmax())
        sentence = (
            f"Campaign {campaigns[worst]} has {counts[arm]:,} rows of {rows.arms[arm]}, but {expected[arm]:,.0f} are "
            f"expected (p {smallest:.2g}): find out who was lost before or after the draw."
        )
    return Check("sample_ratio", passed, float(smallest), SIGNIFICANCE, sentence)


def balance_check(experiment: Experiment) -> Check:
    """Compare the features of each arm with those of control before the assignment."""
    balances = feature_balances(experiment)
    if not balances:
        sentence = "No feature has enough rows of every arm to be compared with control."
        return Check("balance", False, None, SIGNIFICANCE, sentence)
    adjusted = holm([balance.p_value for balance in balances])
    smallest = float(adjusted.min())
    passed = smallest >= SIGNIFICANCE
    worst = [balances[place] for place in np.argsort(adjusted, kind="stable")[:NAMED_FEATURES]]
    named = ", ".join(f"{each.feature} of {each.arm} ({each.difference:+.2f} sd)" for each in worst)
    verdict = "Features are balanced" if passed else "Features differ before the assignment"
    sentence = f"{verdict}: of {len(balances):,} comparisons the largest are {named} (p {smallest:.2g})."
    return Check("balance", passed, smallest, SIGNIFICANCE, sentence)


def contamination_check(contacted: ContactedControls | None) -> Check:
    """Judge the share of control rows that were contacted by their campaign."""
    if contacted is None:
        sentence = "Contacts outside the design are unknown: the plan has no history of reactions."
        return Check("contamination", True, None, MAX_CONTACTED, sentence)
    passed = contacted.share <= MAX_CONTACTED
    sentence = f"{contacted.contacted:,} of {contacted.control:,} control rows got a message of their campaign"
    sentence += f", most in {contacted.worst_campaign}." if contacted.worst_campaign is not None else "."
    return Check("contamination", passed, contacted.share, MAX_CONTACTED, sentence)


def probability_check(unscaled_sum: Floats, tolerance: float) -> Check:
    """Judge whether recorded probabilities agree with the conditions of channels and offers.

    Args:
        unscaled_sum: (n,), sum of the probabilities of each row's arms before scaling.
        tolerance: allowed distance of a sum from 1.
    """
    share = float((np.abs(unscaled_sum - 1) > tolerance).mean())
    passed = share <= MAX_INCOHERENT
    sentence = (
        f"Recorded probabilities add up to 1 within {tolerance:g} for {1 - share:.1%} of the rows"
        f"{'' if passed else ': the conditions of channels and offers are not those of the past campaigns'}."
    )
    return Check("arm_probabilities", passed, share, MAX_INCOHERENT, sentence)


def sample_ratio_p_value(arm: NDArray[np.int_], probability: Floats) -> float:
    """P-value of the numbers of rows by arm.

    Args:
        arm: (n,), drawn arm.
        probability: (n, k), probability of every arm.
    """
    from scipy.stats import chi2

    difference = np.bincount(arm, minlength=probability.shape[1]) - probability.sum(axis=0)
    covariance = np.diag(probability.sum(axis=0)) - probability.T @ probability
    # Numbers of all arms sum to the number of rows, so one direction has no variance but rounding errors.
    variances, directions = np.linalg.eigh(covariance)
    varies = variances > 1e-9 * len(arm)
    statistic = float(((directions[:, varies].T @ difference) ** 2 / variances[varies]).sum())
    return float(chi2.sf(statistic, varies.sum())) if varies.any() else 1.0


def feature_balances(experiment: Experiment) -> list[FeatureBalance]:
    """Compare every feature of every arm with control, on the rows that could get both.

    The test is of ranks, so that a few large values do not decide. Its variance is that of the pooled rows, which no
    difference implies. Pairs with too few differing values are left out.
    """
    columns, ranks = _filled(experiment.rows), _ranks(experiment.rows)
    balances = []
    for arm in range(1, len(experiment.arms)):
        could = (experiment.probability[:, 0] > 0) & (experiment.probability[:, arm] > 0)
        weights = [
            np.where(could & (experiment.arm == group), 1 / experiment.assigned_probability, 0.0) for group in (0, arm)
        ]
        if min(part.sum() for part in weights) == 0:
            continue
        differences, _ = _compare(columns, weights)
        _, p_values = _compare(ranks, weights)
        enough = _differing_rows(columns, weights) >= MIN_DIFFERING
        balances += [
            FeatureBalance(experiment.names[place], experiment.arms[arm], differences[place], p_values[place])
            for place in np.flatnonzero(enough)
        ]
    return balances


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """P-values adjusted for their number by Holm's method.

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    factors = len(values) - np.arange(len(values))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * factors))
    return adjusted


def _compare(columns: Floats, weights: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Standardised difference (m,) of the weighted means of an arm and control, and its p-value (m,)."""
    from scipy.stats import norm

    control, treated = (part / part.sum() for part in weights)
    pooled = (control + treated) / 2
    mean = pooled @ columns
    deviation = np.sqrt(np.maximum(pooled @ columns**2 - mean**2, 0.0))
    difference = treated @ columns - control @ columns
    standardised = np.divide(difference, deviation, out=np.zeros(len(mean)), where=deviation > 1e-12)
    error = np.sqrt((control**2).sum() + (treated**2).sum())
    return standardised, 2 * norm.sf(np.abs(standardised) / error)


def _differing_rows(columns: Floats, weights: Sequence[Floats]) -> Floats:
    """Effective rows (m,) of the smaller group that differ from the most frequent value of a feature."""
    effective = min(part.sum() ** 2 / (part**2).sum() for part in weights)
    used = weights[0] + weights[1] > 0
    shares = np.array([1 - np.unique(column, return_counts=True)[1].max() / used.sum() for column in columns[used].T])
    return np.asarray(effective * shares, dtype=np.float64)


def _filled(rows: Floats) -> Floats:
    """The features, nulls replaced by the mean."""
    counts = np.maximum(1, (~np.isnan(rows)).sum(axis=0))
    return np.where(np.isnan(rows), np.nansum(rows, axis=0) / counts, rows)


def _ranks(rows: Floats) -> Floats:
    """Ranks of each feature from 0 to 1, equal values with their mean rank, nulls below all values."""
    from scipy.stats import rankdata

    lowest = np.where(np.isnan(rows), -np.inf, rows)
    return np.asarray(rankdata(lowest, axis=0) / max(1, len(rows)), dtype=np.float64)

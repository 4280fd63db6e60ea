"""Qini and uplift curves: the published formulas of scikit-uplift at equal probabilities, weights at other ones."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from actions.experiment import Experiment, Floats
from actions.uplift.qini import TOP_SHARE, ActionRows, QiniStatistic, qini_estimates
from benchmarks.actions.simulated_experiments import simulate

Numbers = NDArray[np.int_]


def two_arms(seed: int, rows: int = 400, treated_share: float = 0.5) -> tuple[Experiment, Floats]:
    simulated = simulate(seed, rows=rows, truth="split", actions=1, width=6, treated_share=treated_share)
    noise = np.random.default_rng(seed).normal(0, 0.05, rows)
    return simulated.experiment, simulated.effects[:, 0] + noise


def sorted_sums(outcome: Numbers, score: Floats, treated: Numbers) -> tuple[Floats, ...]:
    """Cumulative sums at the last row of each distinct score: people, treated, their outcomes, control's outcomes."""
    order = np.argsort(score, kind="mergesort")[::-1]
    outcome, treated, score = outcome[order], treated[order], score[order]
    ends = np.r_[np.where(np.diff(score))[0], len(score) - 1]
    sums = [np.cumsum(values)[ends].astype(float) for values in
            (np.ones(len(score)), treated, outcome * treated, outcome * (1 - treated))]  # fmt: skip
    return tuple(np.r_[0.0, values] for values in sums)


def qini_curve(outcome: Numbers, score: Floats, treated: Numbers) -> tuple[Floats, Floats]:
    people, treated_count, treated_stayed, control_stayed = sorted_sums(outcome, score, treated)
    control_count = people - treated_count
    ratio = np.divide(treated_count, control_count, out=np.zeros_like(people), where=control_count != 0)
    return people, treated_stayed - control_stayed * ratio


def uplift_curve(outcome: Numbers, score: Floats, treated: Numbers) -> tuple[Floats, Floats]:
    people, treated_count, treated_stayed, control_stayed = sorted_sums(outcome, score, treated)
    control_count = people - treated_count
    shares = [
        np.divide(stayed, count, out=np.zeros_like(people), where=count != 0)
        for stayed, count in ((treated_stayed, treated_count), (control_stayed, control_count))
    ]
    return people, (shares[0] - shares[1]) * people


def above_random(curve: tuple[Floats, Floats]) -> float:
    x, y = curve
    return float(np.trapezoid(y, x) - x[-1] * y[-1] / 2)


def qini_auc_score(outcome: Numbers, score: Floats, treated: Numbers) -> float:
    perfect = outcome * treated - outcome * (1 - treated)
    return above_random(qini_curve(outcome, score, treated)) / above_random(
        qini_curve(outcome, perfect.astype(float), treated)
    )


def uplift_auc_score(outcome: Numbers, score: Floats, treated: Numbers) -> float:
    control_stayed, treated_left = ((outcome == 1) & (treated == 0)).sum(), ((treated == 1) & (outcome == 0)).sum()
    perfect = 2 * (outcome == treated) + (outcome if control_stayed > treated_left else treated)
    return above_random(uplift_curve(outcome, score, treated)) / above_random(
        uplift_curve(outcome, perfect.astype(float), treated)
    )


def uplift_at_k(outcome: Numbers, score: Floats, treated: Numbers, k: float) -> float:
    top = np.argsort(score, kind="mergesort")[::-1][: int(len(score) * k)]
    return float(outcome[top][treated[top] == 1].mean() - outcome[top][treated[top] == 0].mean())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rounded", [False, True], ids=["distinct scores", "tied scores"])
def test_at_equal_probabilities_the_coefficients_are_the_published_ones(seed: int, rounded: bool):
    experiment, score = two_arms(seed)
    score = np.round(score, 2) if rounded else score
    outcome, treated = experiment.outcome.astype(int), (experiment.arm == 1).astype(int)
    figures = {name: value[0] for name, value in
               QiniStatistic(ActionRows.of(experiment, 0), score)(np.ones((1, len(score)))).items()}  # fmt: skip
    assert figures["qini"] == pytest.approx(qini_auc_score(outcome, score, treated), abs=1e-12)
    assert figures["auuc"] == pytest.approx(uplift_auc_score(outcome, score, treated), abs=1e-12)
    if not rounded:  # among equal scores, which rows are first is arbitrary
        assert figures["uplift_at_k"] == pytest.approx(uplift_at_k(outcome, score, treated, TOP_SHARE), abs=1e-12)


def test_a_weight_of_two_counts_like_the_same_row_twice():
    experiment, score = two_arms(1)
    twice = np.arange(len(score)) % 3 == 0
    weights = np.where(twice, 2.0, 1.0)[None, :]
    place = np.repeat(np.arange(len(score)), np.where(twice, 2, 1))
    repeated = experiment.select(place)
    weighted = QiniStatistic(ActionRows.of(experiment, 0), score)(weights)
    plain = QiniStatistic(ActionRows.of(repeated, 0), score[place])(np.ones((1, len(place))))
    for name in ("qini", "auuc"):
        assert weighted[name][0] == pytest.approx(plain[name][0], abs=1e-12)


def test_a_row_with_half_the_probability_counts_twice():
    """Treated rows drawn with .25 instead of .5 stand for twice as many people."""
    experiment, score = two_arms(2, rows=1000)
    rare = np.random.default_rng(0).random(len(score)) < 0.5
    kept = ~((experiment.arm == 1) & rare)
    thinned = experiment.select(kept)
    thinned = replace(thinned, probability=np.broadcast_to([0.5, 0.25], (len(thinned), 2)).copy())
    rows = ActionRows.of(thinned, 0)
    assert set(rows.weight[rows.treated > 0]) == {4.0}
    assert set(rows.weight[rows.treated == 0]) == {2.0}
    whole = QiniStatistic(ActionRows.of(experiment, 0), score)(np.ones((1, len(score))))["qini"][0]
    part = QiniStatistic(rows, score[kept])(np.ones((1, len(thinned))))["qini"][0]
    assert part == pytest.approx(whole, abs=0.1)


def test_intervals_hold_the_value_and_a_useless_score_has_one_around_zero():
    simulated = simulate(3, rows=1200, truth="split", actions=2, width=6)
    useless = np.random.default_rng(9).normal(size=simulated.effects.shape)
    for effects, is_useful in ((simulated.effects, True), (useless, False)):
        estimates = qini_estimates(simulated.experiment, effects, 1)
        assert list(estimates) == ["action_1", "action_2"]
        interval = estimates["action_1"]["qini"]
        assert interval.low <= interval.value <= interval.high
        assert (interval.low > 0) == is_useful


def test_rows_of_other_actions_and_of_people_who_could_not_get_it_are_left_out():
    experiment = simulate(4, rows=300, actions=2, width=6).experiment
    probability = experiment.probability.copy()
    closed = (np.arange(300) < 100) & (experiment.arm != 1)
    probability[closed] = [0.5, 0.0, 0.5]
    rows = ActionRows.of(replace(experiment, probability=probability), 0)
    assert not closed[rows.place].any()
    assert set(experiment.arm[rows.place]) == {0, 1}

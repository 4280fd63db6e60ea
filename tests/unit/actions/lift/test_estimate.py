"""The difference of retention: weighted by the design, adjusted by the score, with intervals that hold the truth."""

from dataclasses import replace

import numpy as np
import pytest

from actions.lift.measure.comparison import GroupComparison, compare_action, compare_with_control
from actions.lift.measure.estimate import ADJUSTED, MIN_GROUP_ROWS, PLAIN, LiftEstimate, estimate_lift
from actions.lift.rows.campaign_rows import CampaignRows
from tests.unit.actions.lift.campaigns import campaign, together


def groups(stayed: tuple[int, int], people: tuple[int, int]) -> GroupComparison:
    """Treated and control of these sizes, drawn with equal probabilities, without scores."""
    outcome = np.concatenate([np.arange(size) < count for count, size in zip(stayed, people, strict=True)])
    count, is_treated = len(outcome), np.arange(len(outcome)) < people[0]
    half, names = np.full(count, 0.5), np.arange(count).astype(object)
    return GroupComparison(is_treated, half, half, outcome.astype(float), np.full(count, np.nan), names, half * 0)


def lift_of(pair: GroupComparison, *, adjust: bool = True) -> LiftEstimate:
    estimate = estimate_lift(pair, adjust=adjust)
    assert estimate is not None
    return estimate


def width(estimate: LiftEstimate) -> float:
    return estimate.high - estimate.low


def test_with_equal_probabilities_the_lift_is_the_difference_of_shares_with_the_textbook_interval():
    lift = lift_of(groups((1_800, 850), (2_000, 1_000)))
    assert (lift.retention_treated, lift.retention_control) == pytest.approx((0.9, 0.85))
    assert lift.value == pytest.approx(0.05)
    textbook = np.sqrt(0.9 * 0.1 / 2_000 + 0.85 * 0.15 / 1_000)
    assert lift.standard_error == pytest.approx(textbook, rel=0.02)
    assert width(lift) == pytest.approx(2 * 1.96 * textbook, rel=0.02)
    assert lift.p_value < 0.001
    assert lift.smallest_visible == pytest.approx(2.8 * lift.standard_error, rel=0.01)


def test_people_who_were_treated_more_often_do_not_bias_the_lift():
    random, count = np.random.default_rng(3), 200_000
    risk = random.random(count)
    chance = np.where(risk > 0.5, 0.9, 0.3)  # the risky were treated more often, and nobody was changed
    is_treated, outcome = random.random(count) < chance, (random.random(count) < 1 - 0.4 * risk).astype(float)
    people, nothing = np.arange(count).astype(object), np.full(count, np.nan)
    pair = GroupComparison(is_treated, chance, 1 - chance, outcome, nothing, people, np.zeros(count))
    unweighted = outcome[is_treated].mean() - outcome[~is_treated].mean()
    lift = lift_of(pair)
    assert unweighted < -0.05
    assert lift.low < 0 < lift.high
    assert abs(lift.value) < 0.01


def test_the_score_before_the_campaign_makes_the_interval_shorter_and_changes_the_lift_little():
    pair = compare_with_control(CampaignRows.of(campaign(20_000, lift=0.03)))
    adjusted, plain = lift_of(pair), lift_of(pair, adjust=False)
    assert (adjusted.method, plain.method) == (ADJUSTED, PLAIN)
    assert width(adjusted) < 0.97 * width(plain)
    assert abs(adjusted.value - plain.value) < plain.standard_error
    assert adjusted.value == pytest.approx(adjusted.retention_treated - adjusted.retention_control)
    assert adjusted.low < 0.03 < adjusted.high


def test_chance_imbalance_of_the_score_is_removed_from_the_lift():
    pair = compare_with_control(CampaignRows.of(campaign(4_000, seed=5)))
    risky = pair.is_treated & (pair.baseline > np.quantile(pair.baseline, 0.8))
    drop = risky & (np.random.default_rng(0).random(len(pair)) < 0.5)  # half of the risky treated people are missing
    unequal = pair.select(~drop)
    assert lift_of(unequal, adjust=False).value > lift_of(pair, adjust=False).value + 0.01
    assert abs(lift_of(unequal).value - lift_of(pair).value) < 0.005


@pytest.mark.parametrize("scored", [0.0, 0.3])
def test_with_too_few_scores_the_plain_difference_is_used(scored: float):
    pair = compare_with_control(CampaignRows.of(campaign()))
    baseline = np.where(np.arange(len(pair)) < scored * len(pair), pair.baseline, np.nan)
    lift = lift_of(replace(pair, baseline=baseline))
    assert lift == lift_of(pair, adjust=False)
    assert lift.method == PLAIN


def test_people_without_a_score_are_kept():
    pair = compare_with_control(CampaignRows.of(campaign()))
    lift = lift_of(replace(pair, baseline=np.where(np.arange(len(pair)) % 5, pair.baseline, np.nan)))
    assert lift.method == ADJUSTED
    assert abs(lift.value - lift_of(pair).value) < lift.standard_error


def test_a_constant_score_adjusts_nothing():
    pair = compare_with_control(CampaignRows.of(campaign()))
    assert lift_of(replace(pair, baseline=np.full(len(pair), 0.2))).method == PLAIN


def test_a_group_with_too_few_people_has_no_estimate():
    assert estimate_lift(groups((900, MIN_GROUP_ROWS - 1), (1_000, MIN_GROUP_ROWS - 1))) is None
    assert estimate_lift(groups((900, MIN_GROUP_ROWS), (1_000, MIN_GROUP_ROWS))) is not None


def test_a_control_group_in_which_everybody_stayed_is_no_certainty():
    lift = lift_of(groups((900, 30), (1_000, 30)))
    assert lift.value == pytest.approx(-0.1)
    assert lift.low < -0.15
    assert lift.high > -0.05
    assert lift.p_value > 0.05


def test_nobody_left_is_an_interval_around_no_difference():
    lift = lift_of(groups((1_000, 100), (1_000, 100)))
    assert lift.value == 0
    assert lift.low < 0 < lift.high
    assert lift.p_value == pytest.approx(1)


def test_the_same_rows_in_four_campaigns_are_no_more_certain_than_in_one():
    data = campaign(3_000, lift=0.02)
    copies = together(*(replace(data, campaigns=np.full(len(data), f"c{number}")) for number in range(4)))
    once, often = (lift_of(compare_with_control(CampaignRows.of(rows))) for rows in (data, copies))
    assert often.value == pytest.approx(once.value)
    assert often.standard_error == pytest.approx(once.standard_error, rel=0.03)
    strangers = replace(copies, people=np.arange(len(copies)).astype(object))
    assert lift_of(compare_with_control(CampaignRows.of(strangers))).standard_error < 0.6 * once.standard_error


def test_an_action_is_compared_among_the_people_who_could_get_it():
    data = campaign(20_000, lift=0.0, sms_lift=0.05)
    could = data.probability[:, 2] > 0
    pair = compare_action(CampaignRows.of(data), 2)
    assert pair.treated_count == (data.arm == 2).sum()
    assert pair.control_count == ((data.arm == 0) & could).sum()
    lift = lift_of(pair)
    assert lift.low < 0.05 < lift.high
    assert pair.total_cost == pytest.approx(20.0 * pair.treated_count)


@pytest.mark.parametrize("adjust", [True, False])
def test_intervals_hold_the_true_lift(adjust: bool):
    hits = 0
    for seed in range(100):
        lift = lift_of(compare_with_control(CampaignRows.of(campaign(1_500, lift=0.03, seed=seed))), adjust=adjust)
        hits += lift.low <= 0.03 <= lift.high
    assert hits >= 91

"""Rows of lift: which groups are compared, what is named, what is not known yet, and what chance alone names."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from actions.lift.measure.lift_row import (
    ALL_CAMPAIGNS,
    BETTER,
    CAMPAIGN_CONTROL,
    GLOBAL_CONTROL_GROUP,
    HARMED,
    NO_DIFFERENCE,
    NOT_KNOWN_YET,
    TOO_FEW,
    LiftRow,
)
from actions.lift.measure.measurement import LiftMeasurement
from actions.lift.report.lift_table import sentences
from actions.lift.rows.campaign_rows import CampaignRows
from actions.lift.rows.combined_rows import combine
from tests.unit.actions.lift.campaigns import (
    REACH,
    SEGMENTS,
    VALUE,
    campaign,
    measured,
    together,
    waiting,
    with_global_control,
)


def whole(rows: list[LiftRow], name: str, comparison: str = CAMPAIGN_CONTROL) -> LiftRow:
    return next(row for row in rows if row.campaign == name and row.is_whole and row.comparison == comparison)


def sentence(rows: list[LiftRow], row: LiftRow) -> str:
    return dict(zip(rows, sentences(rows), strict=True))[row]


def test_every_campaign_has_a_row_and_rows_of_its_actions_and_segments():
    rows = measured(together(campaign(name="late", day="2026-03-01", prefix="v"), campaign(name="early")))
    assert [row.campaign for row in rows if row.is_whole] == [ALL_CAMPAIGNS, "early", "late"]
    assert {row.name for row in rows if row.campaign == "early"} == {
        "everybody", "action email_none_1", "action sms_discount_1", "tenure (below 90)", "tenure (90 and more)",
        "region (elsewhere)", "region (capital)",
    }  # fmt: skip
    total = whole(rows, ALL_CAMPAIGNS)
    assert (total.treated, total.control) == tuple(
        sum(getattr(whole(rows, name), group) for name in ("early", "late")) for group in ("treated", "control")
    )
    assert total.matures_on == date(2026, 3, 1) + REACH
    assert whole(rows, "early").matures_on == date(2026, 1, 10) + REACH


def test_people_kept_and_money_follow_from_lift_and_cost():
    data = campaign(20_000, lift=0.05)
    rows = measured(data)
    row = whole(rows, "c1")
    assert row.estimate is not None
    assert row.people_kept is not None
    assert row.money is not None
    assert row.conclusion == BETTER
    assert row.cost == pytest.approx((data.arm == 1).sum() + 20 * (data.arm == 2).sum())
    assert row.people_kept == pytest.approx([row.treated * part for part in (
        row.estimate.value, row.estimate.low, row.estimate.high)])  # fmt: skip
    assert row.money == pytest.approx([VALUE * people - row.cost for people in row.people_kept])
    people, low, high = (f"{number:,.0f}" for number in row.people_kept)
    assert sentence(rows, row).startswith(f"kept {people} more people than control (95% interval {low} to {high})")


def test_a_campaign_that_harms_is_named_and_so_are_its_harmed_groups():
    data = campaign(20_000)
    is_hurt = (data.arm > 0) & (data.rows[:, 1] == 1) & (np.random.default_rng(1).random(len(data)) < 0.1)
    rows = measured(replace(data, outcome=np.where(is_hurt, 0.0, data.outcome)))
    row = whole(rows, "c1")
    assert row.conclusion == HARMED
    text = sentence(rows, row)
    assert text.startswith("harmed: kept ")
    assert " fewer people than control" in text
    assert "; harmed: " in text
    assert "region (capital)" in text.split("; harmed: ")[1]
    assert "region (elsewhere)" not in text


def test_without_a_difference_the_verdict_names_the_smallest_that_could_be_seen():
    rows = measured(campaign(4_000, seed=7))
    row = whole(rows, "c1")
    assert row.conclusion == NO_DIFFERENCE
    assert row.estimate is not None
    points = 100 * row.estimate.smallest_visible
    assert sentence(rows, row).startswith(
        f"no difference seen; the smallest that this campaign could show is {points:.1f} points"
    )


def test_a_campaign_with_too_few_people_says_so_and_has_no_rows_of_groups():
    rows = measured(together(campaign(), campaign(60, name="tiny", prefix="t", control_share=0.1)))
    tiny = [row for row in rows if row.campaign == "tiny"]
    assert [row.conclusion for row in tiny] == [TOO_FEW]
    assert sentence(rows, tiny[0]).startswith("too few people: ")
    assert tiny[0].money is None


def test_a_campaign_without_matured_labels_has_numbers_of_people_and_a_date():
    rows = measured(campaign(), waiting("new", 90, 10))
    row = whole(rows, "new")
    assert (row.treated, row.control, row.matures_on, row.conclusion) == (90, 10, date(2026, 11, 2), NOT_KNOWN_YET)
    assert sentence(rows, row) == "known on 2026-11-02"
    assert row.cost == 90.0
    assert [each.comparison for each in rows if each.campaign == "new"] == [CAMPAIGN_CONTROL]


def test_a_campaign_that_is_matured_in_part_counts_the_others_as_pending():
    rows = measured(campaign(), waiting("c1", 90, 10))
    row = whole(rows, "c1")
    assert (row.pending, row.matures_on) == (100, date(2026, 11, 2))
    assert "; 100 more people are known on 2026-11-02" in sentence(rows, row)


def test_without_any_matured_row_only_the_waiting_campaigns_are_listed():
    nothing = combine([], ("tenure_days", "in_a_capital"))
    rows = LiftMeasurement(nothing, [waiting("new", global_control=5)], SEGMENTS, VALUE, REACH).measure()
    assert [(row.campaign, row.comparison) for row in rows] == [
        ("new", CAMPAIGN_CONTROL), ("new", GLOBAL_CONTROL_GROUP)]  # fmt: skip


def test_the_global_control_group_is_compared_where_there_is_one():
    plain = measured(campaign(20_000, lift=0.05))
    assert {row.comparison for row in plain} == {CAMPAIGN_CONTROL}
    data = with_global_control(campaign(20_000, lift=0.05))
    rows = measured(data)
    row = whole(rows, "c1", GLOBAL_CONTROL_GROUP)
    assert row.control == (data.arm == 3).sum()
    assert whole(rows, "c1").control == (data.arm == 0).sum()
    assert row.treated == whole(rows, "c1").treated
    assert row.conclusion == BETTER
    assert not [each for each in rows if each.comparison == GLOBAL_CONTROL_GROUP and each.action != "all"]


def test_one_action_is_not_listed_beside_its_campaign():
    data = campaign()
    only_email = data.select(data.arm < 2)
    assert not [row for row in measured(only_email) if row.action != "all"]


def test_adjusted_p_values_are_larger_within_groups_and_equal_for_the_campaign():
    rows = measured(campaign(seed=4))
    groups = [row for row in rows if row.campaign == "c1" and not row.is_whole]
    assert all(row.estimate and row.adjusted_p_value >= row.estimate.p_value for row in groups)
    assert any(row.estimate and row.adjusted_p_value > row.estimate.p_value for row in groups)
    row = whole(rows, "c1")
    assert row.estimate is not None
    assert row.adjusted_p_value == row.estimate.p_value


def test_without_effects_few_campaigns_are_called_better_and_few_groups_are_named():
    better, named, campaigns = 0, 0, 100
    for seed in range(campaigns):
        rows = [row for row in measured(campaign(800, seed=seed)) if row.campaign == "c1"]
        better += rows[0].conclusion == BETTER
        named += any(row.conclusion in {BETTER, HARMED} for row in rows[1:])
    assert better <= 0.05 * campaigns
    assert named <= 0.08 * campaigns


def test_rows_of_sources_with_other_arms_and_features_are_combined():
    history = replace(campaign(500, name="old"), arms=("control", "push_none_1", "sms_discount_1"))
    assigned = with_global_control(campaign(500, name="assigned"))
    rows = combine([CampaignRows.of(history), CampaignRows.of(assigned)], ("in_a_capital", "other"))
    data = rows.experiment
    assert data.arms == ("control", "push_none_1", "sms_discount_1", "email_none_1", "global control")
    assert data.names == ("in_a_capital", "other")
    assert np.isnan(data.rows[:, 1]).all()
    assert np.allclose(data.probability.sum(axis=1), 1)
    assert (data.assigned_probability > 0).all()
    assert [data.arms[arm] for arm in data.arm[500:]] == [assigned.arms[arm] for arm in assigned.arm]
    assert rows.cost.sum() == history.cost[history.arm].sum() + assigned.cost[assigned.arm].sum()

"""The plan of a day: exploring people first, then the policy, and a reason where the policy gives nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from actions.policy.budget_picture import budget_curve, budget_picture
from actions.policy.campaign_people import CampaignPeople
from actions.policy.constraints import Floats, plan_constraints
from actions.policy.day_plan import EXPLORE_ONLY, choose_explore, plan_day
from actions.policy.effects import UpliftInProduction, predict_people
from tests.unit.actions.plans import plan
from tests.unit.builders import is_one_sentence

PROVEN = {"policy": {"surely_better": True, "sentence": "It is better."}}


def uplift(evidence: dict[str, Any]) -> UpliftInProduction:
    return UpliftInProduction("3", evidence, lambda batches: np.empty((0, 3)))


def people(explore: int, policy: int, drawn: int = 0) -> CampaignPeople:
    """Exploring people, then people of the policy; the actions are email_none_1, email_discount_2, sms_discount_1."""
    count = explore + policy
    explores = np.arange(count) < explore
    return CampaignPeople(
        np.array([f"u{row}" for row in range(count)], dtype=object), explores, np.where(explores, drawn, -1),
        np.ones((count, 3), dtype=bool),
    )  # fmt: skip


def effects(count: int, value: float = 0.1) -> Floats:
    return np.full((count, 3), value)


def test_exploring_people_get_their_drawn_action_before_the_policy_spends():
    """Five explorers use 110 of the budget of 115; the policy has money for five e-mails."""
    planned = plan_day(plan(daily_budget=115), people(5, 20, drawn=1), effects(25), uplift(PROVEN))
    assert planned.choice[:5].tolist() == [1] * 5
    assert sorted(planned.choice[5:].tolist()) == [-1] * 15 + [0] * 5
    assert planned.used[0] == 115
    assert (planned.policy_version, planned.reason) == ("3", None)
    assert planned.policy is not None
    assert planned.policy.constraints.allowed[0] == 5


def test_exploring_people_beyond_a_capacity_are_withheld_in_order_and_counted():
    group = people(5, 0, drawn=2)
    choice, withheld = choose_explore(group, plan_constraints(plan(daily_budget=80)))
    assert choice.tolist() == [2, 2, 2, -1, -1]
    assert withheld == {"budget is used up": 2}
    repeated, _ = choose_explore(group, plan_constraints(plan(daily_budget=80)))
    assert repeated.tolist() == choice.tolist()


def test_an_explorer_whose_action_does_not_fit_leaves_room_for_a_cheaper_one():
    group = people(3, 0)
    group.drawn[:] = [1, 0, 0]
    assert choose_explore(group, plan_constraints(plan(daily_budget=2)))[0].tolist() == [-1, 0, 0]


def test_a_closed_channel_and_an_action_that_is_gone_withhold_an_explorer():
    group = people(3, 0)
    group.drawn[1] = -1
    group.allowed[2, 0] = False
    choice, withheld = choose_explore(group, plan_constraints(plan()))
    assert choice.tolist() == [0, -1, -1]
    assert withheld == {
        "the plan no longer has the action": 1,
        "the channel was closed or its frequency cap is reached": 1,
    }


def closed() -> CampaignPeople:
    group = people(2, 8)
    group.allowed[2:] = False
    return group


REASONS = {
    "no evidence": (people(2, 8), effects(10), {}, 100, "no evidence of its policy's value"),
    "not surely better": (
        people(2, 8), effects(10), {"policy": {"surely_better": False, "sentence": "It may be worse."}}, 100,
        "The policy of version 3 is not used. It may be worse.",
    ),
    "evidence that is no answer": (people(2, 8), effects(10), {"policy": {"surely_better": "yes"}}, 100, "is not used"),
    "no people": (people(2, 0), effects(2), PROVEN, 100, "no people for the policy"),
    "no allowed action": (closed(), effects(10), PROVEN, 100, "No action is allowed for any of the 8 people"),
    "no effect": (people(2, 8), effects(10, np.nan), PROVEN, 100, "predicted no effect for any of the 8 people"),
    "budget below every cost": (people(2, 8), effects(10), PROVEN, 2.5, "budget left for the policy is 0.50 rubles"),
    "no gain": (people(2, 8), effects(10, 0.0), PROVEN, 100, "gives nobody an action"),
}  # fmt: skip


@pytest.mark.parametrize("case", REASONS)
def test_where_the_policy_gives_nothing_a_sentence_says_why_and_explorers_still_get_theirs(case: str):
    group, predicted, evidence, budget, words = REASONS[case]
    planned = plan_day(plan(daily_budget=budget), group, predicted, uplift(evidence))
    assert planned.choice[group.explores].tolist() == [0, 0]
    assert (planned.choice[~group.explores] == -1).all()
    assert planned.reason is not None
    assert words in planned.reason
    if case != "not surely better":
        assert is_one_sentence(planned.reason)


def test_without_a_model_in_production_explorers_alone_are_planned():
    planned = plan_day(plan(), people(2, 8), effects(10, np.nan), None, "There is no version.")
    assert (planned.choice >= 0).sum() == 2
    assert (planned.policy, planned.policy_version, planned.reason) == (None, EXPLORE_ONLY, "There is no version.")


def write_snapshot(folder: Path, keys: list[Any]) -> None:
    folder.mkdir(parents=True)
    frame = pd.DataFrame({"user_id": keys, "population": "active", "visits": np.arange(len(keys), dtype=float)})
    half = len(frame) // 2
    frame[:half].to_parquet(folder / "part-0.parquet")
    frame[half:].to_parquet(folder / "part-1.parquet")


@pytest.mark.parametrize("keys", [["c", "x", "a", "b"], [3, 9, 1, 2]])
def test_effects_reach_the_person_whose_features_they_were_predicted_from(tmp_path: Path, keys: list[Any]):
    write_snapshot(tmp_path / "snapshot", keys)
    entities = np.array([str(keys[3]), str(keys[2]), "missing", str(keys[0])], dtype=object)

    def predict(batches: Iterable[pd.DataFrame]) -> Floats:
        return np.concatenate([batch[["visits", "visits"]].to_numpy() for batch in batches])

    predicted = predict_people(tmp_path / "snapshot", "user_id", entities, 2, predict)
    assert predicted.effects[[0, 1, 3], 0].tolist() == [3, 2, 0]
    assert np.isnan(predicted.effects[2]).all()
    assert predicted.populations.tolist() == ["active", "active", None, "active"]


def test_effects_that_are_not_finite_count_as_unknown(tmp_path: Path):
    write_snapshot(tmp_path / "snapshot", ["a", "b"])
    predicted = predict_people(
        tmp_path / "snapshot", "user_id", np.array(["a", "b"], dtype=object), 2,
        lambda batches: np.full((sum(len(batch) for batch in batches), 2), -np.inf),
    )  # fmt: skip
    assert np.isnan(predicted.effects).all()


def test_without_a_model_only_populations_are_read(tmp_path: Path):
    write_snapshot(tmp_path / "snapshot", ["a", "b"])
    predicted = predict_people(tmp_path / "snapshot", "user_id", np.array(["b"], dtype=object), 2, None)
    assert predicted.populations.tolist() == ["active"]
    assert np.isnan(predicted.effects).all()


def test_the_curve_of_the_budget_rises_and_passes_through_the_plan_of_the_day():
    gains = np.random.default_rng(1).normal(20, 30, (3_000, 3))
    limits = plan_constraints(plan(daily_budget=2_000))
    budgets, spent, gained = budget_curve(gains, limits)
    assert (np.diff(gained) > -1e-6).all()
    assert (spent <= budgets + 1e-6).all()
    assert gained[0] == 0
    figure = budget_picture(gains, limits, (2_000.0, float(gained[6])), "rubles")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == [f"spends 2,000, gains {gained[6]:,.0f}"]

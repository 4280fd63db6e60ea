"""An action plan fits its project: every contradiction is one sentence, and all are reported at once."""

from dataclasses import replace
from typing import Any

import pytest

from actions.declare.action import Action, Channel, Offer
from actions.declare.plan import AssignmentHistory, ControlGroups, ReactionHistory
from actions.declare.plan_checks import find_plan_mistakes
from lake.declarations import DeclarationError
from projects import load_project
from tests.unit.actions.plans import PLAN, SPEC, VISITS, plan
from tests.unit.builders import is_one_sentence
from training import Slice

EMAIL, SMS = PLAN.channels


def test_the_plan_of_the_tests_has_no_mistake():
    assert find_plan_mistakes(PLAN, SPEC) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"populations": ("paid",)}, "population 'paid' is not declared; use active", id="population"),
        pytest.param({"where": "visits_cuont_90d > 1"}, "names visits_cuont_90d, which is no column", id="plan.where"),
        pytest.param({"where": "label = 0"}, "names label, which is no column of the snapshot", id="the label"),
        pytest.param({"where": "population = 'paid'"}, "compares population with 'paid', which it never", id="value"),
        pytest.param(
            {"channels": (replace(EMAIL, where="visits_accepts_mail_last_all = 1"), SMS)},
            "Channel email: its condition 'visits_accepts_mail_last_all = 1' names visits_accepts_mail_last_all",
            id="channel.where",
        ),
        pytest.param(
            {"channels": (replace(EMAIL, where="user_id + as_of"), SMS)},
            "Channel email: its condition 'user_id + as_of' is not valid over the columns of the snapshot",
            id="types that only the engine knows",
        ),
        pytest.param(
            {"offers": (PLAN.offers[0], replace(PLAN.offers[1], where="select 1"))},
            "Offer discount: its condition 'select 1' holds a query",
            id="offer.where",
        ),
        pytest.param(
            {"assignments": AssignmentHistory(source="contacts")},
            "Assignment history: source contacts is not declared; use visits, offered, sent",
            id="no source of assignments",
        ),
        pytest.param(
            {"assignments": AssignmentHistory(source="offered", probability="p")},
            "Assignment history: probability is 'p', which is no column of source offered",
            id="no column of assignments",
        ),
        pytest.param(
            {"assignments": AssignmentHistory(source="offered", probability="campaign_id")},
            "column campaign_id of source offered must be a number, it is a string",
            id="a probability that is text",
        ),
        pytest.param(
            {"assignments": AssignmentHistory(source="offered", control="nobody")},
            "control is 'nobody', which column arm of source offered never holds; use treatment, control",
            id="a control that never is",
        ),
        pytest.param(
            {"reactions": ReactionHistory(source="letters")},
            "Reaction history: source letters is not declared",
            id="no source of reactions",
        ),
        pytest.param(
            {"reactions": ReactionHistory(source="sent", reaction="event")},
            "Reaction history: reaction is 'event', which is no column of source sent",
            id="no column of reactions",
        ),
        pytest.param(
            {"reactions": ReactionHistory(source="sent", meanings={"send": "posted"})},
            "Reaction history: 'send' means 'posted', which is no reaction; use delivered, opened",
            id="an unknown meaning",
        ),
        pytest.param(
            {"reactions": ReactionHistory(source="sent", meanings={"send": "delivered"})},
            "column action of source sent holds open, click, unsubscribe, refuse, which has no meaning",
            id="a value without a meaning",
        ),
        pytest.param(
            {"segments": (Slice("tenure", "tenure_days", (30,)),)},
            "segment 'tenure' uses feature tenure_days, which is not declared",
            id="segment",
        ),
        pytest.param(
            {"channels": (EMAIL, SMS, Channel(name="push", cost=0, where="true"))},
            "Channel push: no action uses it; add an action or remove the channel",
            id="a channel that nobody uses",
        ),
        pytest.param(
            {"offers": (*PLAN.offers, Offer(name="gift", cost=3))}, "Offer gift: no action uses it", id="unused offer"
        ),
        pytest.param(
            {"channels": (replace(EMAIL, daily_capacity=1), SMS)},
            "Action email_discount_2: it has 2 contacts, but channel email has a daily_capacity of 1",
            id="an action above the capacity",
        ),
        pytest.param(
            {"daily_budget": 21},
            "Action email_discount_2: it costs 22 rubles for one person, but daily_budget is 21",
            id="an action above the budget",
        ),
    ],
)
def test_each_contradiction_is_one_sentence(changes: dict[str, Any], words: str):
    mistakes = find_plan_mistakes(plan(**changes), SPEC)
    assert any(words in mistake for mistake in mistakes), mistakes
    assert is_one_sentence(DeclarationError(*mistakes))


def test_a_history_about_others_or_without_dates_is_one_sentence():
    sources = (VISITS, replace(SPEC.sources[1], entity="campaign_id"), SPEC.sources[2])
    (mistake,) = find_plan_mistakes(PLAN, replace(SPEC, sources=sources))
    assert mistake == (
        "Assignment history: the rows of offered are about campaign_id, not about user_id; name another source."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"daily_budget": 0}, "daily_budget is 0, so no action can pay", id="budget 0"),
        pytest.param(
            {"actions": (*PLAN.actions, Action(channel="post", offer="none"))},
            "channel 'post' is not declared, so it has no cost",
            id="an action without cost",
        ),
        pytest.param({"rest_days": -1}, "rest_days is -1, it must be 0 or more", id="rest_days"),
        pytest.param({"history_days": 0}, "history_days is 0, it must be 1 or more", id="history_days"),
    ],
)
def test_a_plan_that_contradicts_itself_is_one_sentence(changes: dict[str, Any], words: str):
    with pytest.raises(DeclarationError, match=words) as caught:
        plan(**changes)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("name", ["global_share", "campaign_share", "exploration_share"])
@pytest.mark.parametrize("share", [0, 1])
def test_a_share_of_0_or_1_is_one_sentence(name: str, share: float):
    with pytest.raises(DeclarationError, match=f"{name} is {share}, it must be between 0 and 1") as caught:
        ControlGroups(salt="shop", **{name: share})
    assert all(sentence.endswith(".") for sentence in caught.value.sentences)


def test_a_project_reports_all_mistakes_of_its_plan_at_once():
    churn = load_project("churn")
    with pytest.raises(DeclarationError) as caught:
        replace(churn, actions=plan(where="nothing = 1", populations=("somebody",), assignments=None, reactions=None))
    for words in ("population 'somebody'", "nothing = 1", "visits_accepts_email_last_all", "visits_accepts_sms"):
        assert any(words in sentence for sentence in caught.value.sentences)

"""The evidence says what the policy would have earned, where the experiment is of the project's actions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from actions.uplift.evaluation import Evaluation, evaluate_learners
from actions.uplift.learners import LEARNERS
from actions.uplift.report.card import uplift_card
from actions.uplift.train import UpliftRequest, _policy
from benchmarks.actions.simulated_experiments import simulate
from tests.unit.actions.plans import plan
from tests.unit.uplift_evidence import UPLIFT_EVIDENCE

RICH = plan(daily_budget=1e9)
FEW = tuple(learner for learner in LEARNERS if learner.name in {"constant", "dr_linear"})


@pytest.fixture(scope="module")
def request_and_evaluation() -> tuple[UpliftRequest, Evaluation]:
    simulated = simulate(1, rows=3000, truth="split", actions=3, width=6).experiment
    arms = ("control", *(action.name for action in RICH.actions))
    costs = np.array([0.0, *(RICH.cost(action) for action in RICH.actions)])
    experiment = replace(simulated, arms=arms, cost=costs)
    request = UpliftRequest(experiment, "shop", "shop_uplift", "c0de", Path("nowhere"), value=RICH.value, plan=RICH)
    return request, evaluate_learners(experiment, request.price, 1, learners=FEW)


def test_the_evidence_has_the_value_of_the_policy_in_the_judged_campaigns(
    request_and_evaluation: tuple[UpliftRequest, Evaluation],
):
    request, evaluation = request_and_evaluation
    policy = _policy(request, evaluation)["policy"]
    assert policy["rows"] == len(evaluation.split.judged)
    assert isinstance(policy["surely_better"], bool)
    card = uplift_card({**UPLIFT_EVIDENCE, "policy": policy})
    assert "## What the policy earns" in card
    assert "against contacting nobody" in card


def test_without_a_plan_there_is_no_value_of_a_policy(request_and_evaluation: tuple[UpliftRequest, Evaluation]):
    request, evaluation = request_and_evaluation
    assert _policy(replace(request, plan=None), evaluation) == {}
    assert "What the policy earns" not in uplift_card(UPLIFT_EVIDENCE)


def test_prices_are_costs_by_the_value_of_a_person_and_zero_without_it(
    request_and_evaluation: tuple[UpliftRequest, Evaluation],
):
    request, _ = request_and_evaluation
    assert request.price == pytest.approx(request.experiment.cost[1:] / 1_000)
    assert replace(request, value=None).price.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "changes", [{"value": 2_000.0}, {"plan": None}, {"code": "other"}, {"campaign_people": 9}, {"seed": 2}]
)
def test_another_setting_has_another_fingerprint(
    changes: dict[str, object], request_and_evaluation: tuple[UpliftRequest, Evaluation]
):
    request, _ = request_and_evaluation
    assert replace(request).fingerprint == request.fingerprint
    assert replace(request, **changes).fingerprint != request.fingerprint  # type: ignore[arg-type]

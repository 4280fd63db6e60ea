"""What a project may demand of a model, and what it may not waive."""

from typing import Any

import pytest
from pydantic import ValidationError

from registry import Policy, PolicyError
from registry.gate.policy import FLOOR
from tests.unit.builders import is_one_sentence


def test_the_floor_is_the_default():
    assert Policy().lowest_auc == FLOOR == 0.70


@pytest.mark.parametrize(
    "bounds",
    [
        pytest.param({"lowest_auc": 0.6999}, id="below the floor"),
        pytest.param({"lowest_auc": float("nan")}, id="a bound that nothing can be compared with"),
        pytest.param({"lowest_auc": 1.1}, id="above what can be reached"),
        pytest.param({"baselines": {}}, id="no baseline at all"),
        pytest.param({"baselines": {"recency": -0.021}}, id="a baseline that need not be reached"),
        pytest.param({"baselines": {"recency": float("nan")}}, id="a difference that nothing can be compared with"),
        pytest.param({"fewest_left": 0}, id="nobody needs to have left"),
        pytest.param({"largest_calibration_error": 0}, id="no error at all"),
        pytest.param({"lowest_auc": "0.75"}, id="a bound as text"),
        pytest.param({"allow_not_out_of_time": 1}, id="a 1 for yes"),
        pytest.param({"version": 1.5}, id="half a version"),
        pytest.param({"margin": 0.031}, id="a margin that lets anything in"),
        pytest.param({"margin": -0.001}, id="a margin below nothing"),
        pytest.param({"margins": {"shop_churn": float("nan")}}, id="a margin that nothing can be compared with"),
        pytest.param({"largest_auc_change": 0.021}, id="an AUC that need not repeat"),
        pytest.param({"oldest_days": 0}, id="labels of tomorrow"),
        pytest.param({"slowest_ms_per_1000_rows": float("inf")}, id="as slow as it likes"),
        pytest.param({"lowest_AUC": 0.8}, id="a name that does not exist"),
    ],
)
def test_a_policy_that_waives_too_much_cannot_be_made(bounds: dict[str, Any]):
    with pytest.raises(PolicyError, match=next(iter(bounds))) as caught:
        Policy(**bounds)
    assert is_one_sentence(caught.value)


def test_a_policy_does_not_change_once_made():
    policy = Policy(lowest_auc=0.75)
    with pytest.raises(ValidationError):
        policy.lowest_auc = 0.70
    assert policy.lowest_auc == 0.75


def test_a_model_may_have_a_margin_of_its_own():
    policy = Policy(margin=0.005, margins={"churn_trial": 0.02})
    assert (policy.margin_of("churn_paid"), policy.margin_of("churn_trial")) == (0.005, 0.02)

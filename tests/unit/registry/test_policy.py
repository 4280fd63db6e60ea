"""What a project may demand of a model, and what it may not waive."""

from typing import Any

import pytest
from pydantic import ValidationError

from registry import Policy
from registry.policy import FLOOR


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
        pytest.param({"lowest_AUC": 0.8}, id="a name that does not exist"),
    ],
)
def test_a_policy_that_waives_too_much_cannot_be_made(bounds: dict[str, Any]):
    with pytest.raises(ValidationError, match=next(iter(bounds))):
        Policy(**bounds)


def test_a_policy_does_not_change_once_made():
    policy = Policy(lowest_auc=0.75)
    with pytest.raises(ValidationError):
        policy.lowest_auc = 0.70
    assert policy.lowest_auc == 0.75

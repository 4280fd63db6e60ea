"""How models are made is declared with families that exist."""

import pytest

from stack.errors import PrichalError
from tests.unit.builders import is_one_sentence
from training.families import UnknownFamilyError
from training.plan import TrainingPlan


def test_a_family_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(UnknownFamilyError, match=r"'lightgbm' does not exist; there are recency, logistic") as caught:
        TrainingPlan(recency="x", families=("recency", "lightgbm"))
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("name", ["out_of_time", "folds", "calibration"])
def test_a_plan_without_dates_to_judge_or_calibrate_on_is_told(name: str):
    with pytest.raises(PrichalError, match=f"{name} is 0, it must be at least 1") as caught:
        TrainingPlan(recency="x", **{name: 0})
    assert is_one_sentence(caught.value)

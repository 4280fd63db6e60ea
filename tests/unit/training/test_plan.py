"""How models are made is declared with families that exist."""

import pytest

from stack.errors import PrichalError
from tests.unit.builders import is_one_sentence
from training.models.families import UnknownFamilyError
from training.plan import TrainingPlan


def test_an_unknown_family_is_an_error_that_lists_the_families():
    with pytest.raises(UnknownFamilyError, match=r"'lightgbm' does not exist; name one of recency, logistic") as caught:
        TrainingPlan(recency="x", families=("recency", "lightgbm"))
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "expected_text"),
    [
        ("out_of_time", 1, "at least 2"),
        ("folds", 0, "at least 1"),
        ("calibration", 0, "at least 1"),
        ("trials", -1, "at least 0"),
        ("minutes", 0.0, "above 0, or None"),
        ("minutes", float("inf"), "above 0, or None"),
    ],
)
def test_an_impossible_plan_is_an_error(name: str, value: float, expected_text: str):
    with pytest.raises(PrichalError, match=f"{name} is {value}, it must be {expected_text}") as caught:
        TrainingPlan(recency="x", **{name: value})  # type: ignore[arg-type]
    assert is_one_sentence(caught.value)

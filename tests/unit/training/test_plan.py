"""How models are made is declared with families that exist."""

import pytest

from tests.unit.builders import is_one_sentence
from training.families import UnknownFamilyError
from training.plan import TrainingPlan


def test_a_family_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(UnknownFamilyError, match=r"'lightgbm' does not exist; there are recency, logistic") as caught:
        TrainingPlan(recency="x", families=("recency", "lightgbm"))
    assert is_one_sentence(caught.value)

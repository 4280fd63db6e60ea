"""The budget of the search as a user gives it."""

import pytest

from jobs.runtime.context import Context
from jobs.train import train
from stack.errors import SettingError
from tests.unit.builders import is_one_sentence
from training.search.budget import TrialsError


@pytest.mark.parametrize(
    "trials", ["many", "", "-1", "1.5", "1001", "1e2", " 5", "None", "min", "0min", "1.5min", "1001min", "5 min"]
)
def test_a_text_that_is_no_budget_is_an_error_before_the_step_starts(trials: str, context: Context):
    with pytest.raises(
        TrialsError, match=r"give a number of parameter sets, 0 to 1000, or minutes, .* or declared \(12\)"
    ) as caught:
        train(context, trials=trials)
    assert f"trials {trials!r} " in str(caught.value)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("trials", ["0", "1", "1000", "15min", "declared"])
def test_a_valid_budget_lets_the_step_start(trials: str, context: Context):
    with pytest.raises(SettingError, match="DATABASE_URL is not set"):
        train(context, trials=trials)

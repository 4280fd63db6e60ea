"""How many parameter sets, as a person gives it."""

import pytest

from jobs.runtime.context import Context
from jobs.train import TrialsError, train
from stack.errors import SettingError
from tests.unit.builders import is_one_sentence


@pytest.mark.parametrize(
    "trials", ["many", "", "-1", "1.5", "1001", "1e2", " 5", "None", "min", "0min", "1.5min", "1001min", "5 min"]
)
def test_what_is_not_a_number_of_trials_is_told_before_anything_is_done(trials: str, context: Context):
    with pytest.raises(
        TrialsError, match=r"give a number of parameter sets, 0 to 1000, or minutes, .* or declared \(12\)"
    ) as caught:
        train(context, trials=trials)
    assert f"trials {trials!r} " in str(caught.value)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("trials", ["0", "1", "1000", "15min", "declared"])
def test_a_number_of_trials_is_taken_and_the_step_goes_on_to_its_services(trials: str, context: Context):
    with pytest.raises(SettingError, match="DATABASE_URL is not set"):
        train(context, trials=trials)

"""The budget of the search for parameters, as a user gives it."""

from dataclasses import replace

from stack.errors import PrichalError
from training.plan import TrainingPlan

#: largest number of parameter sets, or minutes, of one search.
MAX_BUDGET = 1000


class TrialsError(PrichalError):
    """The budget is neither a number of parameter sets nor a number of minutes."""


def with_budget(plan: TrainingPlan, trials: str) -> TrainingPlan:
    """The training plan with another budget.

    Args:
        plan: of the project.
        trials: a number of parameter sets such as `20`, a time such as `15min`, or `declared` for the plan's own.

    Raises:
        TrialsError: another text, or a number out of range.
    """
    if trials == "declared":
        return plan
    number, is_time = trials.removesuffix("min"), trials.endswith("min")
    if not number.isdecimal() or not is_time <= int(number) <= MAX_BUDGET:
        raise TrialsError(
            f"trials {trials!r} is not a budget of the search: give a number of parameter sets, 0 to {MAX_BUDGET}, or "
            f"minutes, such as 15min, or declared ({plan.trials})."
        )
    if is_time:
        return replace(plan, trials=MAX_BUDGET, minutes=float(number))
    return replace(plan, trials=int(number), minutes=None)

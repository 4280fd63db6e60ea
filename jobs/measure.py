"""What a promotion measures of a challenger and of the version in production."""

from collections.abc import Callable, Mapping
from typing import Any

from features import Population
from jobs.context import Context
from registry import Standing


def measure(context: Context, population: Population) -> Callable[[Standing], Mapping[str, Any]]:
    """Nothing yet."""
    return lambda standing: {"version": standing.challenger.number}

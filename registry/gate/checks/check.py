"""One check of the gate and its result."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from registry.gate.evidence import IntervalEstimate


@dataclass(frozen=True)
class Check:
    """Result of one check; `value` and `bound` are None where the check has no number or could not be computed."""

    name: str
    passed: bool
    value: float | None
    bound: float | None
    sentence: str


@dataclass(frozen=True)
class SliceTest:
    """Simultaneous 95% confidence intervals of all slices, compared with one bound.

    Attributes:
        smallest_high: the smallest upper end; None without a slice.
        failures: names of the slices whose upper end is below the bound, each with that upper end.
        all_above: whether the lower end of every slice is above the bound.
    """

    smallest_high: float | None
    failures: list[str]
    all_above: bool


def describe_difference(low: float, high: float, bound: float) -> str:
    """Conclusion from the 95% interval of an AUC difference; `bound`, at most 0, is the minimum of its lower end."""
    if low == high == 0:
        return "No difference"
    if low >= bound:
        return "Better with 95% confidence" if low >= 0 else f"At most {-bound:g} lower with 95% confidence"
    if high < 0:
        return "Lower with 95% confidence"
    return f"It may be more than {-bound:g} lower" if bound < 0 else "Not better with 95% confidence"


def describe_minimum(passed: bool, bound: str) -> str:
    """Clause about a value that must not be below its bound."""
    return f"{'at or above' if passed else 'below'} the minimum of {bound}"


def describe_maximum(passed: bool, bound: str) -> str:
    """Clause about a value that must not be above its bound."""
    return f"{'within' if passed else 'above'} the maximum of {bound}"


def compare_slices(estimates: Sequence[tuple[str, IntervalEstimate]], bound: float, number_format: str) -> SliceTest:
    """Compare the estimate of each slice with one bound.

    Args:
        estimates: name of each slice, and its estimate with a 95% interval.
        bound: minimum of the upper end of the simultaneous interval.
        number_format: format of a number in a message.
    """
    intervals = [(name, *simultaneous_interval(estimate, len(estimates))) for name, estimate in estimates]
    return SliceTest(
        smallest_high=min((high for _, _, high in intervals), default=None),
        failures=[
            f"{name} (at most {high:{number_format}})"
            for name, _, high in intervals
            if not high >= bound  # NaN fails
        ],
        all_above=all(low > bound for _, low, _ in intervals),
    )


def simultaneous_interval(estimate: IntervalEstimate, count: int) -> tuple[float, float]:
    """Bonferroni: widen a 95% interval so that `count` such intervals hold together with 95% confidence.

    Without this correction one slice of twenty would look worse by chance.

    >>> simultaneous_interval(Estimate(value=0, low=-1, high=1), 1)
    (-1.0, 1.0)
    >>> round(simultaneous_interval(Estimate(value=0, low=-1, high=1), 20)[1], 2)
    1.54
    """
    if count == 1:
        return estimate.low, estimate.high
    normal = NormalDist()
    factor = normal.inv_cdf(1 - 0.025 / count) / normal.inv_cdf(0.975)
    value = estimate.value
    return value + (estimate.low - value) * factor, value + (estimate.high - value) * factor

"""One question of the gate and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from registry.gate.evidence import Estimate


@dataclass(frozen=True)
class Check:
    """One question the gate asked; `value` and `bound` are None where it could not be answered, or has no number."""

    name: str
    passed: bool
    value: float | None
    bound: float | None
    sentence: str


def against(low: float, high: float, bound: float) -> str:
    """How a difference of AUC with its 95% interval stands to the bound of its lower end, at most 0."""
    if low == high == 0:
        return "no different"
    if low >= bound:
        return "better for sure" if low >= 0 else f"not below by more than {-bound:g}"
    if high < 0:
        return "below it for sure"
    return f"it may be below by more than {-bound:g}" if bound < 0 else "not surely better"


def ends_below(told: Sequence[tuple[str, Estimate]], bound: float, form: str) -> tuple[float | None, list[str]]:
    """Of some of the people: the least that one of them can reach, and who surely stays below the bound.

    Args:
        told: what each of them is called, and the value with its 95% interval.
        bound: what the upper end, widened by `highest`, must reach.
        form: how a number is written.

    Returns:
        The least upper end, None of nobody; and a word on each that does not reach the bound.
    """
    reached = [highest(one.value, one.high, len(told)) for _, one in told]
    low = [
        f"{name} (at most {most:{form}})" for (name, _), most in zip(told, reached, strict=True) if not most >= bound
    ]
    return min(reached, default=None), low


def highest(value: float, high: float, asked: int) -> float:
    """The upper end of a 95% interval, widened so that the intervals of all that is asked about hold together 95%.

    Bonferroni, by the normal distribution: of twenty slices judged one by one, one looks worse by chance.

    Args:
        value: what was found.
        high: upper end of its own interval.
        asked: how many are asked about.

    >>> highest(0.0, 1.0, 1), round(highest(0.0, 1.0, 20), 2)
    (1.0, 1.54)
    """
    if asked == 1:
        return high
    normal = NormalDist()
    return value + (high - value) * normal.inv_cdf(1 - 0.025 / asked) / normal.inv_cdf(0.975)

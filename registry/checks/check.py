"""One question of the gate and its answer."""

from dataclasses import dataclass


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
    if low >= bound:
        return "better for sure" if low >= 0 else f"not below by more than {-bound:g}"
    if high < 0:
        return "below it for sure"
    return f"it may be below by more than {-bound:g}" if bound < 0 else "not surely better"

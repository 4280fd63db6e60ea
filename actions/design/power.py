"""Sample size, power and smallest detectable lift of a comparison of two retention rates.

All three use the normal approximation with the pooled variance under no difference and the separate variances under
the difference (Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd edition, section 4.2), the
formula of `power.prop.test` of R, extended to unequal groups.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from stack.errors import PrichalError

#: power and two-sided significance level of every design.
POWER, SIGNIFICANCE = 0.8, 0.05
#: halvings of the interval in which the smallest lift is searched; more do not change a double.
HALVINGS = 60


class PowerError(PrichalError):
    """A rate, a lift or a size of a group is impossible."""


@dataclass(frozen=True)
class Comparison:
    """A planned comparison of two groups.

    Attributes:
        baseline: expected retention of the control group, between 0 and 1.
        treated: number of people in the treated group.
        control: number of people in the control group.
        power: probability of seeing the lift if it is there.
        significance: two-sided significance level.
    """

    baseline: float
    treated: int
    control: int
    power: float = POWER
    significance: float = SIGNIFICANCE

    def __post_init__(self) -> None:
        _check_share("expected retention", self.baseline)
        for name in ("treated", "control"):
            if getattr(self, name) < 0:
                raise PowerError(f"The {name} group has {getattr(self, name)} people; give 0 or more.")

    @property
    def smallest_lift(self) -> float | None:
        """The smallest lift that the groups show with the power; None if not even full retention is enough."""
        room = 1 - self.baseline
        if min(self.treated, self.control) == 0 or self._power_of(room) < self.power:
            return None
        low, high = 0.0, room
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._power_of(middle) >= self.power else (middle, high)
        return high

    def _power_of(self, lift: float) -> float:
        return power_of(self.baseline, lift, self.treated, self.control, self.significance)

    def describe(self) -> str:
        """One clause: the smallest lift that the groups show."""
        groups = f"{self.treated:,} contacted and {self.control:,} control people"
        lift = self.smallest_lift
        if lift is None:
            return f"{groups} are too few to show any lift on {self.baseline:.1%}"
        return (
            f"{groups} show a lift of {100 * lift:.1f} points or more on {self.baseline:.1%} "
            f"({self.power:.0%} power, {self.significance:.0%} two-sided)"
        )


@dataclass(frozen=True)
class SampleSize:
    """People that a design needs.

    Attributes:
        treated: in the treated group.
        control: in the control group.
    """

    treated: int
    control: int

    @property
    def total(self) -> int:
        """In both groups."""
        return self.treated + self.control


def sample_size(
    baseline: float,
    lift: float,
    control_share: float = 0.5,
    power: float = POWER,
    significance: float = SIGNIFICANCE,
) -> SampleSize:
    """Number of people that show a lift with the given power.

    Args:
        baseline: expected retention of the control group, between 0 and 1.
        lift: difference of the treated group, such as 0.015 for 1.5 points.
        control_share: share of the people who are control, between 0 and 1.
        power: probability of seeing the lift if it is there.
        significance: two-sided significance level.

    Raises:
        PowerError: a share is not between 0 and 1, or the lift is 0 or leads outside of 0 to 1.

    >>> sample_size(0.90, 0.015).total
    11712
    """
    for name, share in (("control_share", control_share), ("power", power), ("significance", significance)):
        _check_share(name, share)
    treated_rate = _treated_rate(baseline, lift)
    ratio = (1 - control_share) / control_share
    null, alternative = _deviations(baseline, treated_rate, ratio)
    normal = NormalDist()
    distance = normal.inv_cdf(1 - significance / 2) * null + normal.inv_cdf(power) * alternative
    control = (distance / lift) ** 2
    return SampleSize(treated=math.ceil(control * ratio), control=math.ceil(control))


def power_of(baseline: float, lift: float, treated: int, control: int, significance: float = SIGNIFICANCE) -> float:
    """Probability that two groups show a lift, on its side of the two-sided test.

    Args:
        baseline: expected retention of the control group, between 0 and 1.
        lift: difference of the treated group.
        treated: number of people in the treated group.
        control: number of people in the control group.
        significance: two-sided significance level.

    Raises:
        PowerError: the baseline is not between 0 and 1, or the lift is 0 or leads outside of 0 to 1.

    >>> round(power_of(0.50, 0.25, 50, 50), 3)
    0.74
    """
    treated_rate = _treated_rate(baseline, lift)
    if min(treated, control) < 1:
        return 0.0
    null, alternative = _deviations(baseline, treated_rate, treated / control)
    normal = NormalDist()
    distance = abs(lift) * math.sqrt(control) - normal.inv_cdf(1 - significance / 2) * null
    if alternative == 0:
        return float(distance >= 0)
    return normal.cdf(distance / alternative)


def describe_need(baseline: float, lift: float, control_share: float) -> str:
    """One clause: how many people a lift needs.

    >>> describe_need(0.90, 0.015, 0.5)
    'to see 1.5 points on 90.0% you need 11,712 people'
    """
    needed = sample_size(baseline, lift, control_share)
    return f"to see {100 * lift:.1f} points on {baseline:.1%} you need {needed.total:,} people"


def _deviations(baseline: float, treated_rate: float, ratio: float) -> tuple[float, float]:
    """Standard deviations of the difference for one control person, without and with a difference."""
    pooled = (baseline + ratio * treated_rate) / (1 + ratio)
    null = math.sqrt((1 + 1 / ratio) * pooled * (1 - pooled))
    alternative = math.sqrt(baseline * (1 - baseline) + treated_rate * (1 - treated_rate) / ratio)
    return null, alternative


def _treated_rate(baseline: float, lift: float) -> float:
    _check_share("expected retention", baseline)
    if lift == 0:
        raise PowerError("A lift of 0 cannot be seen with any number of people; give another lift.")
    if not 0 <= baseline + lift <= 1:
        raise PowerError(
            f"A lift of {lift} on a retention of {baseline} leads to {baseline + lift:g}; it must be from 0 to 1."
        )
    return baseline + lift


def _check_share(name: str, share: float) -> None:
    if not 0 < share < 1:
        raise PowerError(f"The {name} is {share}; it must be between 0 and 1.")

"""What limits a day's plan: money, contacts of a channel, offers, and people of an action."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from actions.declare.plan import ActionPlan
from stack.errors import PrichalError

Floats = NDArray[np.float64]

#: name of the constraint of money.
BUDGET = "budget"
#: a constraint may be exceeded by this share of what it allows: sums of costs are rounded.
ROUNDING = 1e-9


class AllocationError(PrichalError):
    """Gains or constraints that no plan can be made of."""


@dataclass(frozen=True)
class Constraints:
    """What a plan may use at most: r constraints over k actions.

    Attributes:
        names: of the constraints, such as `budget`, `channel sms`, `offer discount_20`, `action sms_none_1`.
        usage: (r, k), what an action for one person uses of each: money, contacts, offers, people.
        allowed: (r,), the most that all people together may use.
    """

    names: tuple[str, ...]
    usage: Floats
    allowed: Floats

    def __post_init__(self) -> None:
        if self.usage.shape[0] != len(self.names) or self.allowed.shape != (len(self.names),):
            raise AllocationError(
                f"{len(self.names)} constraints need as many rows of usage and amounts, but there are "
                f"{self.usage.shape[0]} and {len(self.allowed)}."
            )
        for name, usage, allowed in zip(self.names, self.usage, self.allowed, strict=True):
            if not (np.isfinite(usage).all() and (usage >= 0).all() and 0 <= allowed < np.inf):
                raise AllocationError(
                    f"Constraint {name}: it allows {allowed} and its actions use {usage.tolist()}; each must be a "
                    "number of 0 or more."
                )

    @property
    def slack(self) -> Floats:
        """By how much (r,) the use may exceed the allowed amount because of rounding."""
        return ROUNDING * np.maximum(1.0, self.allowed)

    def used(self, counts: NDArray[np.int_] | Floats) -> Floats:
        """What a plan uses (r,) that gives each action to `counts` (k,) people."""
        return np.asarray(self.usage @ counts, dtype=np.float64)

    def without(self, used: Floats) -> "Constraints":
        """What is left after `used` (r,); never below 0."""
        return replace(self, allowed=np.maximum(0.0, self.allowed - used))

    def scaled(self, share: float) -> "Constraints":
        """The same constraints for a share of the people."""
        return replace(self, allowed=self.allowed * share)


def plan_constraints(plan: ActionPlan, totals: Mapping[str, int] | None = None) -> Constraints:
    """The constraints of a plan's day.

    Args:
        plan: the declared channels, offers and actions.
        totals: name of an action -> the most people who may get it.
    """
    names, usage, allowed = zip(*_constraints(plan, totals or {}), strict=True)
    return Constraints(names, np.array(usage, dtype=np.float64), np.array(allowed, dtype=np.float64))


def _constraints(plan: ActionPlan, totals: Mapping[str, int]) -> Iterator[tuple[str, list[float], float]]:
    actions = plan.actions
    yield BUDGET, [plan.cost(action) for action in actions], plan.daily_budget
    for channel in plan.channels:
        if channel.daily_capacity is not None:
            contacts = [float(action.contacts * (action.channel == channel.name)) for action in actions]
            yield f"channel {channel.name}", contacts, float(channel.daily_capacity)
    for offer in plan.offers:
        if offer.daily_capacity is not None:
            offers = [float(action.offer == offer.name) for action in actions]
            yield f"offer {offer.name}", offers, float(offer.daily_capacity)
    for name, people in totals.items():
        yield f"action {name}", [float(action.name == name) for action in actions], float(people)

"""What a campaign would earn by the share of subscribers it contacts, under costs that the project states.

The formula is that of Neslin et al. (2006); to judge a model by the profit at its best budget is the maximum profit of
Verbeke et al. (2012), and that of Verbraken, Verbeke and Baesens (2013), who also let the rate of acceptance vary.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lake.declarations import DeclarationError, collectable
from training.evaluate.bootstrap import BootstrapEstimate, Floats, interval

#: profit is told for so many subscribers scored.
PER = 1000


@dataclass(frozen=True)
class Costs:
    """What a contact costs and brings.

    Attributes:
        contact: of each contact.
        offer: of each offer that is taken. Who would have stayed anyway takes it always.
        value: of a subscriber kept, before the offer.
        acceptance: share of those who would leave that the offer keeps.
        currency: of the amounts.
        basis: where the amounts are from; say so if they are assumed.
    """

    contact: float
    offer: float
    value: float
    acceptance: float
    currency: str
    basis: str

    @collectable
    def __post_init__(self) -> None:
        for name in ("contact", "offer", "value"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise DeclarationError(f"Costs: {name} is {getattr(self, name)}, it must be an amount of 0 or more.")
        if not 0 <= self.acceptance <= 1:
            raise DeclarationError(f"Costs: acceptance is {self.acceptance}, it must be a share from 0 to 1.")


def profit(contacted: Floats, found_share: Floats, costs: Costs) -> Floats:
    """Expected profit per `PER` subscribers scored.

    Args:
        contacted: share of all who are contacted.
        found_share: share of all who are contacted and would leave.
        costs: as declared.
    """
    saved = found_share * costs.acceptance * (costs.value - costs.offer)
    result: Floats = PER * (saved - (contacted - found_share) * costs.offer - contacted * costs.contact)
    return result


def best(
    budgets: Floats, contacted: BootstrapEstimate, found_share: BootstrapEstimate, costs: Costs
) -> dict[str, dict[str, float]]:
    """The budget that earns most, 0 among them, with its interval, and what is earned at that very budget.

    It is chosen on the rows that it is told for, so the profit is a little optimistic.
    """
    choices = np.r_[0.0, budgets]
    value, draws = (
        _with_none(contacted.value, found_share.value, costs),
        _with_none(contacted.draws, found_share.draws, costs),
    )
    chosen = int(np.argmax(value))
    return {
        "best_budget": interval(float(choices[chosen]), choices[np.argmax(draws, axis=1)]).json(),
        "best_profit": interval(float(value[chosen]), draws[:, chosen]).json(),
    }


def curve(
    budgets: Floats, contacted: BootstrapEstimate, found_share: BootstrapEstimate, costs: Costs
) -> dict[str, Any]:
    """The costs, and the profit at each budget with its interval."""
    value, draws = profit(contacted.value, found_share.value, costs), profit(contacted.draws, found_share.draws, costs)
    points = [
        {"budget": float(budget), **interval(float(point), many).json()}
        for budget, point, many in zip(budgets, value, draws.T, strict=True)
    ]
    return {"costs": asdict(costs), "unit": f"{costs.currency} per {PER:,} scored", "curve": points}


def _with_none(contacted: Floats, found_share: Floats, costs: Costs) -> Floats:
    """Profit with a first column for the budget 0."""
    earned = profit(contacted, found_share, costs)
    return np.concatenate([np.zeros_like(earned[..., :1]), earned], axis=-1)

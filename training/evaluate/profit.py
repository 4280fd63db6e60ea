"""Expected profit of a campaign by the share of contacted subscribers, under the costs of the project.

The formula is by Neslin et al. (2006). The profit at the best budget is the maximum profit of Verbeke et al. (2012);
Verbraken, Verbeke and Baesens (2013) also let the rate of acceptance vary.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lake.declarations import DeclarationError, collectable
from training.evaluate.bootstrap import BootstrapEstimate, Floats, interval

#: number of scored subscribers that a profit refers to.
PER = 1000


@dataclass(frozen=True)
class Costs:
    """Costs and value of a contact.

    Attributes:
        contact: cost of each contact.
        offer: cost of each accepted offer. Contacted people who would have stayed always accept it.
        value: value of a retained subscriber, before the offer.
        acceptance: share of leavers who stay because of the offer.
        currency: currency of the amounts.
        basis: source of the amounts; say so if they are assumed.
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
        contacted: contacted share of all rows.
        found_share: share of all rows that are contacted and churned.
        costs: costs of the project.
    """
    saved = found_share * costs.acceptance * (costs.value - costs.offer)
    result: Floats = PER * (saved - (contacted - found_share) * costs.offer - contacted * costs.contact)
    return result


def best(
    budgets: Floats, contacted: BootstrapEstimate, found_share: BootstrapEstimate, costs: Costs
) -> dict[str, dict[str, float]]:
    """The budget with the highest profit, which may be 0, and the profit at this budget, both with intervals.

    The budget is chosen on the same rows, so the profit is slightly optimistic.
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

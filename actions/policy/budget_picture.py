"""Picture of the expected gain by budget, with the chosen point."""

from dataclasses import replace
from typing import Any

import numpy as np

from actions.policy.allocation import allocate
from actions.policy.constraints import BUDGET, Constraints, Floats
from training.report.canvas import ACCENT, FAINT, INK, WARM, canvas

#: budgets of the curve, as shares of the budget that is left for the policy.
SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
#: a sample of this many people gives the curve.
MOST_PEOPLE = 50_000


def budget_curve(gains: Floats, constraints: Constraints, seed: int = 1) -> tuple[Floats, Floats, Floats]:
    """Budgets (b,), the money spent at each (b,), and the expected gain (b,) of the best plan within it.

    Args:
        gains: (n, k).
        constraints: over the k actions; all but the budget stay as they are.
        seed: random seed of the sample.
    """
    share = min(1.0, MOST_PEOPLE / max(1, len(gains)))
    if share < 1:
        gains = gains[np.sort(np.random.default_rng(seed).choice(len(gains), MOST_PEOPLE, replace=False))]
    place = constraints.names.index(BUDGET)
    budgets = constraints.allowed[place] * np.array(SHARES)
    spent, gained = [], []
    for budget in budgets:
        allowed = constraints.allowed.copy()
        allowed[place] = budget
        plan = allocate(gains, replace(constraints, allowed=allowed * share))
        spent.append(plan.used[place] / share)
        gained.append(plan.gain / share)
    return budgets, np.array(spent), np.array(gained)


def budget_picture(gains: Floats, constraints: Constraints, chosen: tuple[float, float], currency: str) -> Any:
    """Expected gain by budget, with the chosen point and its money.

    Args:
        gains: (n, k) of the policy's people.
        constraints: what exploring left.
        chosen: money spent and expected gain of the day's plan.
        currency: of all amounts.
    """
    budgets, spent, gained = budget_curve(gains, constraints)
    figure, axes = canvas(
        "Expected gain by budget", f"budget of the policy, {currency}", f"expected gain after cost, {currency}"
    )
    axes.plot(budgets, gained, "o-", color=ACCENT, markersize=4, label="best plan within the budget and all capacities")
    axes.plot(budgets, spent, color=FAINT, linestyle="--", label="money that this plan spends")
    axes.plot([chosen[0]], [chosen[1]], "o", color=WARM, markersize=9, label="plan of the day")
    axes.annotate(
        f"spends {chosen[0]:,.0f}, gains {chosen[1]:,.0f}", chosen, (10, -16), textcoords="offset points", color=INK
    )
    axes.axvline(constraints.allowed[constraints.names.index(BUDGET)], color=WARM, linewidth=1, linestyle=":")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,.0f}")
    axes.set(xlim=(0, None), ylim=(0, None))
    axes.legend(frameon=False, loc="lower right")
    return figure

"""Distributions of the moments of cancel clicks, of their reversals and of purchases, in closed form.

Time is the share, 0 to 1, of the decision time that has passed.
"""

import numpy as np

from projects.churn.simulator.columns import Flags, Floats

#: share of early clicks, soon after the charge, and the exponents of the early and the late distribution.
EARLY_CLICKS = 0.20
EARLY_POWER = 6.0
LATE_POWER = 3.2
#: share of early clicks during a trial: most people click when its end is announced.
TRIAL_EARLY = 0.15
UNDO_SHARE = 0.12
PURCHASE_POWER = 1.6


def click_share(part: Floats, trial: Flags) -> Floats:
    """Share of the cancel clicks that are made by the time `part` (n,)."""
    early = np.where(trial, TRIAL_EARLY, EARLY_CLICKS)
    return np.asarray(early * (1 - (1 - part) ** EARLY_POWER) + (1 - early) * part**LATE_POWER, dtype=np.float64)


def click_part(mixture: Floats, within: Floats, trial: Flags) -> Floats:
    """Turn two uniform numbers into the time (n,) of a leaver's click."""
    early = mixture < np.where(trial, TRIAL_EARLY, EARLY_CLICKS)
    return np.where(early, 1 - (1 - within) ** (1 / EARLY_POWER), within ** (1 / LATE_POWER))


def undo_probability(part: Floats) -> Floats:
    """Probability (n,) that a click is reversed before the end if it is not yet reversed at the time `part`.

    Here 0 is the moment of the click.
    """
    return np.asarray(UNDO_SHARE * (1 - part) / (1 - UNDO_SHARE * part), dtype=np.float64)


def purchase_share(part: Floats) -> Floats:
    """Share of an opt-in trial's purchases that are made by the time `part` (n,)."""
    return np.asarray(np.clip(part, 0, 1) ** PURCHASE_POWER, dtype=np.float64)


def purchase_part(within: Floats) -> Floats:
    """Turn a uniform number into the time (n,) of the purchase."""
    return np.asarray(within ** (1 / PURCHASE_POWER), dtype=np.float64)

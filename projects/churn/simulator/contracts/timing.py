"""When people act: the laws of cancel clicks, of taking them back, and of purchases, with their shares in closed form.

A law lives on [0, 1], the part of the time for deciding that has passed.
"""

import numpy as np

from projects.churn.simulator.columns import Flags, Floats

#: clicks soon after the charge, and the power laws of the early and of the late ones.
EARLY_CLICKS = 0.20
EARLY_POWER = 6.0
LATE_POWER = 3.2
#: clicks during a trial come later, when its end is announced.
TRIAL_EARLY = 0.15
UNDO = 0.12
PURCHASE_POWER = 1.6


def clicked_by(part: Floats, trial: Flags) -> Floats:
    """Share of the cancel clicks made by that part of the time."""
    early = np.where(trial, TRIAL_EARLY, EARLY_CLICKS)
    return np.asarray(early * (1 - (1 - part) ** EARLY_POWER) + (1 - early) * part**LATE_POWER, dtype=np.float64)


def click_part(mixture: Floats, within: Floats, trial: Flags) -> Floats:
    """Draw the part of the time after which a leaver clicks, from two uniform numbers."""
    early = mixture < np.where(trial, TRIAL_EARLY, EARLY_CLICKS)
    return np.where(early, 1 - (1 - within) ** (1 / EARLY_POWER), within ** (1 / LATE_POWER))


def undone_later(part: Floats) -> Floats:
    """Probability that a click still standing at that part of the time left to it is taken back before the end."""
    return np.asarray(UNDO * (1 - part) / (1 - UNDO * part), dtype=np.float64)


def bought_by(part: Floats) -> Floats:
    """Share of an opt-in trial's purchases made by that part of the time."""
    return np.asarray(np.clip(part, 0, 1) ** PURCHASE_POWER, dtype=np.float64)


def purchase_part(within: Floats) -> Floats:
    """Draw the part of the time after which a purchase is made, from a uniform number."""
    return np.asarray(within ** (1 / PURCHASE_POWER), dtype=np.float64)

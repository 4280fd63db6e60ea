"""Clocks that are wrong: a device that thinks it is 1970, or 2106."""

import numpy as np

from projects.churn.simulator.calendar import MOSCOW
from projects.churn.simulator.columns import Ints

#: numbers of the rows of a log whose clock was wrong; they do not depend on how many rows will follow.
WRONG_ROWS = 7 * 3 ** np.arange(18)
ZERO, FULL = 0, 2**32 - 1


def confuse(at: Ints) -> Ints:
    """The same moments, a few of them set to the first or the last second of an unsigned 32-bit clock."""
    wrong = WRONG_ROWS[: np.searchsorted(WRONG_ROWS, len(at))]
    confused = at.copy()
    confused[wrong[::2]], confused[wrong[1::2]] = ZERO + MOSCOW, FULL + MOSCOW
    return confused

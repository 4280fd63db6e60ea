"""Device clocks that are wrong: they show 1970 or 2106."""

import numpy as np

from projects.churn.simulator.calendar import MOSCOW_OFFSET
from projects.churn.simulator.columns import Ints

#: row numbers with a wrong clock; they do not depend on the number of later rows.
WRONG_ROWS = 7 * 3 ** np.arange(18)
ZERO, FULL = 0, 2**32 - 1


def add_clock_faults(at: Ints) -> Ints:
    """Set a few of the moments to the first or the last second of an unsigned 32-bit clock."""
    wrong = WRONG_ROWS[: np.searchsorted(WRONG_ROWS, len(at))]
    faulty = at.copy()
    faulty[wrong[::2]], faulty[wrong[1::2]] = ZERO + MOSCOW_OFFSET, FULL + MOSCOW_OFFSET
    return faulty

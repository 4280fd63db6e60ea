"""Order in time, and the delay between an event and its receipt: shared by behaviour and by the exporting systems."""

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Ints
from projects.churn.simulator.streams import Streams

#: share of the rows that are received a day or more after they happened.
LATE_SHARE = 0.02


def sort_before(at: Ints, end: int) -> Ints:
    """Numbers of the rows that happen before `end`, in the order of time; `at` is (n,) moments."""
    order = np.argsort(at, kind="stable")
    return order[at[order] < end]


def draw_delays(streams: Streams, count: int) -> Ints:
    """Seconds (count,) until each row is received: minutes for most rows, days for `LATE_SHARE` of them."""
    late = streams.generator("late").random(count) < LATE_SHARE
    days = streams.generator("days").integers(DAY, 6 * DAY, count)
    return np.where(late, days, streams.generator("minutes").integers(5, 1200, count))

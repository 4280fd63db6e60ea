"""How much people care, week by week: seen through viewing and visits, or hidden in satisfaction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projects.churn.simulator.calendar import WEEK, Window
from projects.churn.simulator.columns import Floats, Ints
from projects.churn.simulator.people.people import People
from projects.churn.simulator.streams import Streams

#: how much of the last week's deviation is left, and how far deviations spread.
ENGAGEMENT = (0.94, 0.75)
SATISFACTION = (0.90, 0.80)
#: weeks whose mean engagement decides about a renewal.
MEMORY = 4


@dataclass(frozen=True)
class Moods:
    """Arrays (people, weeks): `engagement`, its mean over the last weeks, and hidden `discontent` in log-odds."""

    window: Window
    engagement: NDArray[np.float32]
    recent: NDArray[np.float32]
    discontent: NDArray[np.float32]

    def engagement_at(self, users: Ints, moments: Ints) -> Floats:
        """Engagement in the week of the moment."""
        return self.engagement[users, self.window.week(moments)].astype(np.float64)

    def recent_at(self, users: Ints, moments: Ints) -> Floats:
        """Mean engagement of the whole weeks before the moment."""
        return self.recent[users, self.window.week(moments - WEEK)].astype(np.float64)

    def discontent_at(self, users: Ints, moments: Ints) -> Floats:
        """Hidden discontent in the week of the moment."""
        return self.discontent[users, self.window.week(moments)].astype(np.float64)


def make_moods(streams: Streams, window: Window, people: People) -> Moods:
    """Draw the weekly states of everybody."""
    swing = _autoregression(streams.of("engagement"), len(people), window.weeks, *ENGAGEMENT)
    engagement = swing + people.appetite[:, None].astype(np.float32)
    total = np.cumsum(engagement, axis=1, dtype=np.float32)
    recent = engagement.copy()
    recent[:, MEMORY:] = (total[:, MEMORY:] - total[:, :-MEMORY]) / MEMORY
    discontent = _autoregression(streams.of("discontent"), len(people), window.weeks, *SATISFACTION)
    return Moods(window, engagement, recent, discontent + people.taste[:, None].astype(np.float32))


def _autoregression(rng: np.random.Generator, rows: int, weeks: int, keep: float, spread: float) -> NDArray[np.float32]:
    states = rng.standard_normal((rows, weeks), dtype=np.float32) * np.float32(spread)
    fresh = np.float32((1 - keep * keep) ** 0.5)
    for week in range(1, weeks):
        states[:, week] = np.float32(keep) * states[:, week - 1] + fresh * states[:, week]
    return states

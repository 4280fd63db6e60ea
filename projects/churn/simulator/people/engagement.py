"""Weekly latent states: engagement, which viewing and visits reveal, and discontent, which no export shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projects.churn.simulator.calendar import WEEK, SimulationWindow
from projects.churn.simulator.columns import Floats, Ints
from projects.churn.simulator.people.people import People
from projects.churn.simulator.streams import Streams

#: autocorrelation from week to week, and the standard deviation.
ENGAGEMENT = (0.94, 0.75)
SATISFACTION = (0.90, 0.80)
#: number of weeks whose mean engagement enters the log-odds of a renewal.
MEMORY = 4


@dataclass(frozen=True)
class LatentStates:
    """Arrays (people, weeks): `engagement`, `recent` (its mean over `MEMORY` weeks) and hidden `discontent`."""

    window: SimulationWindow
    engagement: NDArray[np.float32]
    recent: NDArray[np.float32]
    discontent: NDArray[np.float32]

    def engagement_at(self, users: Ints, moments: Ints) -> Floats:
        """Engagement of each user in the week of the moment."""
        return self.engagement[users, self.window.week(moments)].astype(np.float64)

    def recent_at(self, users: Ints, moments: Ints) -> Floats:
        """Mean engagement of each user over the whole weeks before the moment."""
        return self.recent[users, self.window.week(moments - WEEK)].astype(np.float64)

    def discontent_at(self, users: Ints, moments: Ints) -> Floats:
        """Hidden discontent of each user in the week of the moment."""
        return self.discontent[users, self.window.week(moments)].astype(np.float64)


def make_latent_states(streams: Streams, window: SimulationWindow, people: People) -> LatentStates:
    """Draw the weekly states of everybody: autoregressive processes around each person's mean."""
    swing = _autoregression(streams.generator("engagement"), len(people), window.weeks, *ENGAGEMENT)
    engagement = swing + people.appetite[:, None].astype(np.float32)
    total = np.cumsum(engagement, axis=1, dtype=np.float32)
    recent = engagement.copy()
    recent[:, MEMORY:] = (total[:, MEMORY:] - total[:, :-MEMORY]) / MEMORY
    discontent = _autoregression(streams.generator("discontent"), len(people), window.weeks, *SATISFACTION)
    return LatentStates(window, engagement, recent, discontent + people.taste[:, None].astype(np.float32))


def _autoregression(rng: np.random.Generator, rows: int, weeks: int, keep: float, spread: float) -> NDArray[np.float32]:
    states = rng.standard_normal((rows, weeks), dtype=np.float32) * np.float32(spread)
    fresh = np.float32((1 - keep * keep) ** 0.5)
    for week in range(1, weeks):
        states[:, week] = np.float32(keep) * states[:, week - 1] + fresh * states[:, week]
    return states

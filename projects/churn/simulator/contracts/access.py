"""Intervals of access: trials, paid periods, and the grace time while a charge is retried."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import WEEK
from projects.churn.simulator.columns import Floats, Ints
from projects.churn.simulator.contracts.charges import LAPSED
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.periods import OPT_IN

#: larger than any moment, so that `user * _PERSON + moment` sorts by person and then by time.
_PERSON = 1 << 34


@dataclass(frozen=True)
class Access:
    """Intervals of access, sorted by person and time; `row` is the row of the period in the contracts."""

    user: Ints
    start: Ints
    end: Ints
    row: Ints
    people: int

    def covering(self, users: Ints, moments: Ints) -> Ints:
        """Row of the interval that covers each user's moment; -1 without access."""
        place = np.searchsorted(self.user * _PERSON + self.start, users * _PERSON + moments, side="right") - 1
        at = np.maximum(place, 0)
        hit = (place >= 0) & (self.user[at] == users) & (moments < self.end[at])
        return np.where(hit, at, -1)

    def share(self, week: int) -> Floats:
        """Share (people,) of the week that begins at the moment `week` in which each person has access."""
        overlap = np.minimum(self.end, week + WEEK) - np.maximum(self.start, week)
        part = np.maximum(overlap, 0) / WEEK
        return np.bincount(self.user, part, minlength=self.people).astype(np.float64)


def make_access(contracts: Contracts, people: int) -> Access:
    """Build the intervals of all contracts; `people` is the number of people."""
    periods, decision, outcome = contracts.periods, contracts.decision, contracts.outcome
    retried = outcome.step > 0
    until = np.where(outcome.step == LAPSED, outcome.ended, outcome.next_start)
    bought_early = (periods.kind == OPT_IN) & (decision.bought > 0)
    end = np.where(bought_early, np.minimum(decision.bought, periods.end), np.where(retried, until, periods.end))
    order = np.lexsort((periods.start, periods.user))
    return Access(periods.user[order], periods.start[order], end[order], order, people)

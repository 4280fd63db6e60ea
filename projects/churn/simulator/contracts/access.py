"""When somebody may watch: trials, paid periods, and the days of grace while a charge is retried."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import WEEK
from projects.churn.simulator.columns import Floats, Ints
from projects.churn.simulator.contracts.charges import LAPSED
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.terms import OPT_IN

#: larger than any moment, so that one number orders by person and time.
_PERSON = 1 << 34


@dataclass(frozen=True)
class Access:
    """Intervals of access in the order of person and time; `row` is the period of the contracts they belong to."""

    user: Ints
    start: Ints
    end: Ints
    row: Ints
    people: int

    def covering(self, users: Ints, moments: Ints) -> Ints:
        """The interval that covers each moment of each user; -1 without access."""
        place = np.searchsorted(self.user * _PERSON + self.start, users * _PERSON + moments, side="right") - 1
        at = np.maximum(place, 0)
        hit = (place >= 0) & (self.user[at] == users) & (moments < self.end[at])
        return np.where(hit, at, -1)

    def share(self, week: int) -> Floats:
        """Part (people,) of the week that begins at a moment with access."""
        overlap = np.minimum(self.end, week + WEEK) - np.maximum(self.start, week)
        part = np.maximum(overlap, 0) / WEEK
        return np.bincount(self.user, part, minlength=self.people).astype(np.float64)


def make_access(contracts: Contracts, people: int) -> Access:
    """The intervals of all contracts."""
    terms, course, story = contracts.terms, contracts.course, contracts.story
    retried = story.step > 0
    until = np.where(story.step == LAPSED, story.ended, story.next_start)
    bought_early = (terms.kind == OPT_IN) & (course.bought > 0)
    end = np.where(bought_early, np.minimum(course.bought, terms.end), np.where(retried, until, terms.end))
    order = np.lexsort((terms.start, terms.user))
    return Access(terms.user[order], terms.start[order], end[order], order, people)

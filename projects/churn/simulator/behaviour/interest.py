"""Looking at tariffs, help and cancelling: what people do more the nearer they are to leaving, click or no click."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.columns import Columns, Flags, Floats, Ints, logistic
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.terms import OPT_IN, PAID
from projects.churn.simulator.contracts.truth import rows_of
from projects.churn.simulator.systems.logs import before
from projects.churn.simulator.world import World

PAGES = ("tariffs", "help", "cancel")
TARIFFS, HELP, CANCEL = range(len(PAGES))
#: looks per period at propensity 0 and what the propensity adds.
RATES = np.array([[0.12, 0.65], [0.05, 0.25], [0.02, 0.35]])
#: cancel clicks that pass through a page we see.
CLICK_SEEN = 0.85


@dataclass(frozen=True)
class Looks(Columns):
    """One row a look at one of `PAGES`."""

    user: Ints
    at: Ints
    page: Ints


def make_looks(world: World, contracts: Contracts) -> Looks:
    """Draw them: at random moments of deciding, at each click, after each declined charge."""
    of = world.streams.under("looks").of
    # In the order in which deciding begins, for the propensity is drawn then: see streams.py.
    contracts = rows_of(contracts, np.argsort(contracts.terms.deciding, kind="stable"))
    terms, course, story = contracts.terms, contracts.course, contracts.story
    nearness = logistic(0.7 * (np.log(contracts.intent.propensity / (1 - contracts.intent.propensity)) + 1.0))
    parts = []
    for page, (base, slope) in enumerate(RATES):
        rate: Floats = base + slope * nearness
        relevant: Flags = (terms.kind == PAID) | (page != CANCEL)
        rows = np.repeat(np.arange(len(terms)), of(f"{PAGES[page]} count").poisson(np.where(relevant, rate, 0.0)))
        span = terms.end[rows] - terms.deciding[rows]
        at = terms.deciding[rows] + (of(f"{PAGES[page]} at").random(len(rows)) * span).astype(np.int64)
        # An opt-in trial is over when it is bought, and a click ends the looking around.
        stop = np.where(
            course.bought[rows] > 0,
            course.bought[rows],
            np.where(course.clicked[rows] > 0, course.clicked[rows], at + 1),
        )
        early = at < stop
        parts.append(Looks(terms.user[rows[early]], at[early], np.full(int(early.sum()), page)))
    clicks = np.flatnonzero(
        (course.clicked > 0) & (terms.kind != OPT_IN) & (of("clicks").random(len(terms)) < CLICK_SEEN)
    )
    parts.append(Looks(terms.user[clicks], course.clicked[clicks] - 40, np.full(len(clicks), CANCEL)))
    declined = np.flatnonzero((story.step > 0) & (of("declined").random(len(terms)) < 0.5))
    after = terms.end[declined] + of("declined at").integers(600, 40_000, len(terms))[declined]
    parts.append(Looks(terms.user[declined], after, np.full(len(declined), HELP)))
    looks = Looks.concat(parts)
    looks = looks.take(before(looks.at, world.window.end))
    return looks.take(looks.at >= world.window.start)

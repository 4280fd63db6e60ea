"""The truth at every first of a month: who was there, how likely each was to leave, and who left."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, moment
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.contracts import oracle
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.tariffs import GRACE_TO_STAY
from projects.churn.simulator.contracts.terms import OPT_IN, PAID
from projects.churn.simulator.world import World

HORIZON = 30 * DAY
STAYED, VOLUNTARY, INVOLUNTARY = -1, 0, 1


@dataclass(frozen=True)
class States(Columns):
    """One row a subscriber and date.

    `matured` says whether the label is known by the end; `left` and `how` hold what the machine did either way.
    `due` marks those whose period ends within the horizon: nobody else can leave, and only they have log-odds.
    """

    at: Ints
    user: Ints
    paid: Flags
    probability: Floats
    left: Flags
    matured: Flags
    cancelled: Flags
    due: Flags
    observable: Floats
    hidden: Floats
    how: Ints
    months: Ints


def rows_of(contracts: Contracts, rows: Ints | Flags) -> Contracts:
    """Some of the periods."""
    parts = (contracts.terms, contracts.intent, contracts.course, contracts.story)
    terms, intent, course, story = parts
    return Contracts(terms.take(rows), intent.take(rows), course.take(rows), story.take(rows), contracts.subscriptions)


def make_states(world: World, contracts: Contracts) -> States:
    """The states of all dates in a row."""
    return States.concat([_states(world, contracts, moment(day)) for day in world.window.firsts])


def _states(world: World, contracts: Contracts, at: int) -> States:
    terms, course = contracts.terms, contracts.course
    begun = (terms.start < at) | ((terms.kind == PAID) & (terms.start <= at))
    bought = (course.bought > 0) & (course.bought < at)
    here = rows_of(contracts, begun & (at < terms.end) & ~bought)
    terms, course, story = here.terms, here.course, here.story
    paid = terms.kind == PAID
    due = ~paid | (terms.end <= at + HORIZON)
    continued = (story.next_start > 0) & (story.next_start <= terms.end + GRACE_TO_STAY)
    moments = np.full(len(terms), at)
    undone = (course.undone > 0) & (course.undone < at)
    left = due & ~continued
    wanted = course.cancelled | (terms.kind == OPT_IN)
    return States(
        at=moments,
        user=terms.user,
        paid=paid,
        probability=np.where(due, oracle.probability(world.campaigns, here, moments), 0.0),
        left=left,
        matured=np.full(len(terms), at + HORIZON + GRACE_TO_STAY <= world.window.end),
        cancelled=(course.clicked > 0) & (course.clicked < at) & ~undone,
        due=due,
        observable=here.intent.observable,
        hidden=here.intent.hidden,
        how=np.where(left, np.where(wanted, VOLUNTARY, INVOLUNTARY), STAYED),
        months=terms.months,
    )

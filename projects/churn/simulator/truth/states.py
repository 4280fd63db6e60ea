"""Monthly states: the subscribers on each first of a month, their true probability of leaving, and who left."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.behaviour.churn_signals import ChurnSignals
from projects.churn.simulator.calendar import DAY, moment
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.periods import OPT_IN, PAID
from projects.churn.simulator.contracts.tariffs import GRACE_PERIOD
from projects.churn.simulator.truth import oracle
from projects.churn.simulator.truth.reachable import reachable_probability
from projects.churn.simulator.world import World

HORIZON = 30 * DAY
STAYED, VOLUNTARY, INVOLUNTARY = -1, 0, 1


@dataclass(frozen=True)
class States(Columns):
    """One row per subscriber and date.

    `reachable` is the probability given all that exports can show at best (`truth/reachable.py`). `matured` says
    whether the label is known by the end of the window; `left` and `how` hold the simulated outcome in any case. `due`
    marks periods that end within the horizon: only they can end in churn, and only they have log-odds.
    """

    at: Ints
    user: Ints
    paid: Flags
    probability: Floats
    reachable: Floats
    left: Flags
    matured: Flags
    cancelled: Flags
    due: Flags
    observable: Floats
    hidden: Floats
    how: Ints
    months: Ints


def make_states(world: World, contracts: Contracts, signals: ChurnSignals) -> States:
    """Build the states of all dates of the window, in the order of dates; `signals` are views of leaving people."""
    dates = [moment(day) for day in world.window.firsts]
    rows = [running_periods(contracts, at) for at in dates]
    states = States.concat([_states(world, contracts, at, running) for at, running in zip(dates, rows, strict=True)])
    due = states.due
    states.reachable[due] = reachable_probability(world, contracts, signals, np.concatenate(rows)[due], states.at[due])
    return states


def running_periods(contracts: Contracts, at: int) -> Ints:
    """Rows of the periods that run at the moment and in which nothing was bought yet."""
    periods, decision = contracts.periods, contracts.decision
    begun = (periods.start < at) | ((periods.kind == PAID) & (periods.start <= at))
    bought = (decision.bought > 0) & (decision.bought < at)
    return np.flatnonzero(begun & (at < periods.end) & ~bought)


def _states(world: World, contracts: Contracts, at: int, rows: Ints) -> States:
    current = contracts.select_rows(rows)
    periods, decision, outcome = current.periods, current.decision, current.outcome
    paid = periods.kind == PAID
    due = ~paid | (periods.end <= at + HORIZON)
    continued = (outcome.next_start > 0) & (outcome.next_start <= periods.end + GRACE_PERIOD)
    moments = np.full(len(periods), at)
    undone = (decision.undone > 0) & (decision.undone < at)
    left = due & ~continued
    wanted = decision.cancelled | (periods.kind == OPT_IN)
    return States(
        at=moments,
        user=periods.user,
        paid=paid,
        probability=np.where(due, oracle.probability(world.campaigns, current, moments), 0.0),
        reachable=np.zeros(len(periods)),
        left=left,
        matured=np.full(len(periods), at + HORIZON + GRACE_PERIOD <= world.window.end),
        cancelled=(decision.clicked > 0) & (decision.clicked < at) & ~undone,
        due=due,
        observable=current.intent.observable,
        hidden=current.intent.hidden,
        how=np.where(left, np.where(wanted, VOLUNTARY, INVOLUNTARY), STAYED),
        months=periods.months,
    )

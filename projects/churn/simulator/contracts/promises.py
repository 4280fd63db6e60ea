"""What the simulator promises about itself: each number with its range and the value of this run."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, YEAR, month
from projects.churn.simulator.columns import Flags, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.terms import AUTO, OPT_IN, PAID
from projects.churn.simulator.contracts.truth import VOLUNTARY, States
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.systems.logs import LATE, SENT_TWICE, Fields
from projects.churn.simulator.world import World
from training import auc

#: conversions are counted for trials that ended this long before the end.
SETTLED = 14 * DAY


@dataclass(frozen=True)
class Promise:
    """The design's range of a number, and what it came to."""

    low: float
    high: float
    actual: float

    def numbers(self) -> dict[str, float]:
        """As written to the truth."""
        return {"low": round(self.low, 4), "high": round(self.high, 4), "actual": round(self.actual, 6)}


@dataclass(frozen=True)
class Run:
    """What the promises are computed from."""

    world: World
    contracts: Contracts
    states: States
    devices: Devices
    access: Access
    plays: Fields


def make_promises(run: Run, sent_twice: float) -> dict[str, Promise]:
    """All promises by name; `sent_twice` is the share of plays that arrived twice."""
    return {**_levels(run), **_aucs(run), **_faults(run, sent_twice), **_seasons(run)}


def _levels(run: Run) -> dict[str, Promise]:
    paid = run.states.take(run.states.matured & run.states.paid)
    due = paid.take(paid.due)
    observable, hidden = float(np.var(due.observable)), float(np.var(due.hidden))
    return {
        "monthly_paid_churn": Promise(0.04, 0.08, _mean(paid.left)),
        "opt_in_conversion": Promise(0.05, 0.15, _conversion(run, OPT_IN)),
        "auto_conversion": Promise(0.40, 0.60, _conversion(run, AUTO)),
        "returner_share": Promise(0.28, 0.38, _returners(run)),
        "monthly_plan_share": Promise(0.70, 0.80, _mean(paid.months == 1)),
        "voluntary_share": Promise(0.65, 0.85, _mean(paid.how[paid.left] == VOLUNTARY)),
        "observable_share": Promise(0.60, 0.70, observable / max(1e-12, observable + hidden)),
    }


def _aucs(run: Run) -> dict[str, Promise]:
    matured = run.states.take(run.states.matured)
    paid, trial = matured.take(matured.paid), matured.take(~matured.paid)
    plain = paid.take(~paid.cancelled)
    return {
        "oracle_auc_paid": Promise(0.87, 0.91, _auc(paid)),
        "oracle_auc_paid_not_cancelled": Promise(0.81, 0.87, _auc(plain)),
        "oracle_auc_trial": Promise(0.85, 0.90, _auc(trial)),
    }


def _faults(run: Run, sent_twice: float) -> dict[str, Promise]:
    mine = run.devices.take(run.devices.browser & (run.devices.user >= 0))
    late = _mean(run.plays["known"] - run.plays["at"] >= DAY)
    return {
        "late_share": Promise(LATE - 0.005, LATE + 0.005, late),
        "duplicate_share": Promise(SENT_TWICE - 0.001, SENT_TWICE + 0.001, sent_twice),
        "unresolved_browser_share": Promise(0.07, 0.13, _mean(mine.linked == 0)),
        "global_control_share": Promise(0.02, 0.04, _mean(run.world.people.global_control)),
    }


def _mean(values: Flags) -> float:
    return float(values.mean()) if len(values) else 0.0


def _auc(states: States) -> float:
    """Of the oracle; 0.5 if there is one class only, for a promise is a number."""
    found = auc(states.left.astype(np.int64), states.probability)
    return 0.5 if np.isnan(found) else found


def _conversion(run: Run, kind: int) -> float:
    terms, window = run.contracts.terms, run.world.window
    ended = (terms.kind == kind) & (terms.end < window.end - SETTLED) & (terms.start >= window.start)
    return _mean(run.contracts.story.next_start[ended] > 0)


def _returners(run: Run) -> float:
    """Share of returners among trials begun and reactivations."""
    terms = run.contracts.terms
    reactivated = (terms.number == 1) & (terms.trial_kind < 0) & terms.returner
    begins = ((terms.kind != PAID) | reactivated) & (terms.start >= run.world.window.start)
    return _mean(terms.returner[begins])


def _seasons(run: Run) -> dict[str, Promise]:
    """Plays per day of access in each month of the year, against the mean month."""
    window = run.world.window
    days = np.arange(window.start, window.end, DAY)
    plays: Ints = np.bincount((run.plays["evening"] - window.start) // DAY, minlength=len(days))
    begun = np.searchsorted(np.sort(run.access.start), days, side="right")
    watching = np.maximum(1, begun - np.searchsorted(np.sort(run.access.end), days, side="right"))
    rate = np.array([_ratio(plays[month(days) == one], watching[month(days) == one]) for one in range(12)])
    seen = rate > 0
    actual = rate / rate[seen].mean()
    design = YEAR / YEAR[seen].mean()
    return {
        f"viewing_season_{one + 1:02d}": Promise(0.85 * design[one], 1.15 * design[one], float(actual[one]))
        for one in np.flatnonzero(seen).tolist()
    }


def _ratio(above: Ints, below: Ints) -> float:
    return float(above.sum() / below.sum()) if len(below) else 0.0

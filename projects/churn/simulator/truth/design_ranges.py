"""Design ranges: statistics of the simulated world, each with its designed range and the value of this run."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, MONTH_FACTORS, month_index
from projects.churn.simulator.columns import Fields, Flags, Ints
from projects.churn.simulator.contracts.access import Access
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.periods import AUTO, OPT_IN, PAID
from projects.churn.simulator.events import LATE_SHARE
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.systems.logs import DUPLICATE_SHARE
from projects.churn.simulator.truth.states import VOLUNTARY, States
from projects.churn.simulator.world import World
from training import auc

#: a trial enters the conversion rate if it ended at least this long before the end of the window.
CONVERSION_WAIT = 14 * DAY


@dataclass(frozen=True)
class DesignRange:
    """The designed range of a statistic, and its actual value."""

    low: float
    high: float
    actual: float

    def numbers(self) -> dict[str, float]:
        """The rounded numbers, as written to `promises.json`."""
        return {"low": round(self.low, 4), "high": round(self.high, 4), "actual": round(self.actual, 6)}


@dataclass(frozen=True)
class SimulationRun:
    """The parts of a simulation from which the statistics are computed."""

    world: World
    contracts: Contracts
    states: States
    devices: Devices
    access: Access
    plays: Fields


def check_design_ranges(run: SimulationRun, duplicate_share: float) -> dict[str, DesignRange]:
    """Compute all design ranges by name; `duplicate_share` is the share of plays that were received twice."""
    return {**_levels(run), **_aucs(run), **_faults(run, duplicate_share), **_seasons(run)}


def _levels(run: SimulationRun) -> dict[str, DesignRange]:
    paid = run.states.select_rows(run.states.matured & run.states.paid)
    due = paid.select_rows(paid.due)
    observable, hidden = float(np.var(due.observable)), float(np.var(due.hidden))
    return {
        "monthly_paid_churn": DesignRange(0.04, 0.08, _mean(paid.left)),
        "opt_in_conversion": DesignRange(0.05, 0.15, _conversion(run, OPT_IN)),
        "auto_conversion": DesignRange(0.40, 0.60, _conversion(run, AUTO)),
        "returner_share": DesignRange(0.28, 0.38, _returners(run)),
        "monthly_plan_share": DesignRange(0.70, 0.80, _mean(paid.months == 1)),
        "voluntary_share": DesignRange(0.65, 0.85, _mean(paid.how[paid.left] == VOLUNTARY)),
        "observable_share": DesignRange(0.60, 0.70, observable / max(1e-12, observable + hidden)),
    }


def _aucs(run: SimulationRun) -> dict[str, DesignRange]:
    matured = run.states.select_rows(run.states.matured)
    paid, trial = matured.select_rows(matured.paid), matured.select_rows(~matured.paid)
    plain = paid.select_rows(~paid.cancelled)
    return {
        "oracle_auc_paid": DesignRange(0.87, 0.91, _auc(paid)),
        "oracle_auc_paid_not_cancelled": DesignRange(0.81, 0.87, _auc(plain)),
        "oracle_auc_trial": DesignRange(0.85, 0.90, _auc(trial)),
    }


def _faults(run: SimulationRun, duplicate_share: float) -> dict[str, DesignRange]:
    mine = run.devices.select_rows(run.devices.browser & (run.devices.user >= 0))
    late = _mean(run.plays["received_at"] - run.plays["at"] >= DAY)
    return {
        "late_share": DesignRange(LATE_SHARE - 0.005, LATE_SHARE + 0.005, late),
        "duplicate_share": DesignRange(DUPLICATE_SHARE - 0.001, DUPLICATE_SHARE + 0.001, duplicate_share),
        "unresolved_browser_share": DesignRange(0.07, 0.13, _mean(mine.linked == 0)),
        "global_control_share": DesignRange(0.02, 0.04, _mean(run.world.people.global_control)),
    }


def _mean(values: Flags) -> float:
    return float(values.mean()) if len(values) else 0.0


def _auc(states: States) -> float:
    """AUC of the true probability; 0.5 if there is only one class, since the value must be a number."""
    value = auc(states.left.astype(np.int64), states.probability)
    return 0.5 if np.isnan(value) else value


def _conversion(run: SimulationRun, kind: int) -> float:
    periods, window = run.contracts.periods, run.world.window
    ended = (periods.kind == kind) & (periods.end < window.end - CONVERSION_WAIT) & (periods.start >= window.start)
    return _mean(run.contracts.outcome.next_start[ended] > 0)


def _returners(run: SimulationRun) -> float:
    """Share of returning people among started trials and reactivations."""
    periods = run.contracts.periods
    reactivated = (periods.number == 1) & (periods.trial_kind < 0) & periods.returner
    begins = ((periods.kind != PAID) | reactivated) & (periods.start >= run.world.window.start)
    return _mean(periods.returner[begins])


def _seasons(run: SimulationRun) -> dict[str, DesignRange]:
    """Plays per day of access in each month of the year, relative to the mean month."""
    window = run.world.window
    days = np.arange(window.start, window.end, DAY)
    plays: Ints = np.bincount((run.plays["evening"] - window.start) // DAY, minlength=len(days))
    begun = np.searchsorted(np.sort(run.access.start), days, side="right")
    watching = np.maximum(1, begun - np.searchsorted(np.sort(run.access.end), days, side="right"))
    rate = np.array(
        [_ratio(plays[month_index(days) == index], watching[month_index(days) == index]) for index in range(12)]
    )
    seen = rate > 0
    actual = rate / rate[seen].mean()
    design = MONTH_FACTORS / MONTH_FACTORS[seen].mean()
    return {
        f"viewing_season_{index + 1:02d}": DesignRange(0.85 * design[index], 1.15 * design[index], float(actual[index]))
        for index in np.flatnonzero(seen).tolist()
    }


def _ratio(above: Ints, below: Ints) -> float:
    return float(above.sum() / below.sum()) if len(below) else 0.0

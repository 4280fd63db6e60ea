"""Signals of leaving: views of tariffs, help and cancelling, more frequent the closer a person is to leaving."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.columns import Columns, Floats, Ints, logistic
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.periods import OPT_IN, PAID, Periods
from projects.churn.simulator.events import sort_before
from projects.churn.simulator.world import World

PAGES = ("tariffs", "help", "cancel")
TARIFFS, HELP, CANCEL = range(len(PAGES))
#: views of each of `PAGES` per period at propensity 0, and their increase up to propensity 1.
RATES = np.array([[0.12, 0.65], [0.05, 0.25], [0.02, 0.35]])
#: share of cancel clicks that are preceded by a tracked page view.
CLICK_SEEN = 0.85


@dataclass(frozen=True)
class ChurnSignals(Columns):
    """One row per view; `page` is a position in `PAGES`."""

    user: Ints
    at: Ints
    page: Ints


def view_rates(periods: Periods, propensity: Floats) -> Floats:
    """Expected views (n, pages) in the whole decision time of each period; trials have no page to cancel."""
    nearness = logistic(0.7 * (np.log(propensity / (1 - propensity)) + 1.0))
    rates = np.stack([base + slope * nearness for base, slope in RATES], axis=1)
    rates[periods.kind != PAID, CANCEL] = 0.0
    return rates


def make_churn_signals(world: World, contracts: Contracts) -> ChurnSignals:
    """Draw views at random moments of the decision time, before cancel clicks and after declined charges."""
    generator = world.streams.substreams("looks").generator
    # Sorted by `decision_start`, because the propensity is drawn at that moment: see streams.py.
    contracts = contracts.select_rows(np.argsort(contracts.periods.decision_start, kind="stable"))
    periods, decision, outcome = contracts.periods, contracts.decision, contracts.outcome
    parts = []
    for page, rate in enumerate(view_rates(periods, contracts.intent.propensity).T):
        rows = np.repeat(np.arange(len(periods)), generator(f"{PAGES[page]} count").poisson(rate))
        span = periods.end[rows] - periods.decision_start[rows]
        at = periods.decision_start[rows] + (generator(f"{PAGES[page]} at").random(len(rows)) * span).astype(np.int64)
        # The purchase ends an opt-in trial, and after a cancel click there are no more views.
        stop = np.where(
            decision.bought[rows] > 0,
            decision.bought[rows],
            np.where(decision.clicked[rows] > 0, decision.clicked[rows], at + 1),
        )
        early = at < stop
        parts.append(ChurnSignals(periods.user[rows[early]], at[early], np.full(int(early.sum()), page)))
    clicks = np.flatnonzero(
        (decision.clicked > 0) & (periods.kind != OPT_IN) & (generator("clicks").random(len(periods)) < CLICK_SEEN)
    )
    parts.append(ChurnSignals(periods.user[clicks], decision.clicked[clicks] - 40, np.full(len(clicks), CANCEL)))
    declined = np.flatnonzero((outcome.step > 0) & (generator("declined").random(len(periods)) < 0.5))
    after = periods.end[declined] + generator("declined at").integers(600, 40_000, len(periods))[declined]
    parts.append(ChurnSignals(periods.user[declined], after, np.full(len(declined), HELP)))
    signals = ChurnSignals.concat(parts)
    signals = signals.select_rows(sort_before(signals.at, world.window.end))
    return signals.select_rows(signals.at >= world.window.start)

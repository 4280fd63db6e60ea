"""The reachable probability of leaving: the best that a model of the exports could know. The oracle knows more.

Taste, satisfaction, funds and thrift are hidden: no export shows them. They are integrated out by importance sampling.
Each draw takes new hidden parts for everybody from their distributions. Its weight is the likelihood of everything that
the person did before the date: page views, cancel clicks, purchases, charges and contacts. The reachable probability is
the weighted mean of the oracle's probabilities.

It is an upper bound for models. Engagement, household and campaign selection count as known exactly, although exports
show them with noise, and every page view counts as linked to its person.
"""

from dataclasses import replace

import numpy as np

from projects.churn.simulator.actions import RenewalCandidates, contact_effect
from projects.churn.simulator.behaviour.churn_signals import PAGES, ChurnSignals, view_rates
from projects.churn.simulator.columns import Flags, Floats, Ints, logistic
from projects.churn.simulator.contracts import timing
from projects.churn.simulator.contracts.charges import charge_risk
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.log_odds import leaving_log_odds
from projects.churn.simulator.contracts.periods import AUTO, OPT_IN, Periods
from projects.churn.simulator.contracts.tariffs import GRACE_PERIOD
from projects.churn.simulator.people.engagement import make_latent_states
from projects.churn.simulator.people.people import make_people
from projects.churn.simulator.truth import oracle
from projects.churn.simulator.world import World

#: draws of the hidden parts. Four times as many raise the expected AUC by .002 (paid) and .0005 (trial).
DRAWS = 24
FLOOR = 1e-12


def reachable_probability(world: World, contracts: Contracts, signals: ChurnSignals, rows: Ints, at: Ints) -> Floats:
    """P(leaves) given all that exports can show at best.

    Args:
        world: the simulated world.
        contracts: all periods, in the order of time.
        signals: page views by which people reveal that they may leave.
        rows: (n,) row of each period that runs at its moment.
        at: (n,) the moments.
    """
    period, moments, pages = _views_in_periods(contracts.periods, signals)
    all_views = _count_views(period, pages, np.ones(len(period), bool), len(contracts.periods))
    views = np.zeros((len(rows), len(PAGES)))
    for moment in np.unique(at):
        counted = _count_views(period, pages, moments < moment, len(contracts.periods))
        views[at == moment] = counted[rows[at == moment]]
    over = contracts.periods.end + GRACE_PERIOD
    # Only these periods need effects of actions: those with a probability to compute, and those with a contact.
    affected = np.union1d(rows, np.flatnonzero(contracts.decision.treated))
    weighted, weights = np.zeros(len(rows)), np.zeros(len(rows))
    for number in range(DRAWS):
        drawn, charge = _draw_hidden_parts(world, contracts, number, affected)
        past = _sum_before(contracts.periods.user, _log_likelihood(drawn, over, all_views) + np.log(charge))
        current = drawn.select_rows(rows)
        weight = np.exp(past[rows] + _log_likelihood(current, at, views))
        weighted += weight * oracle.probability(world.campaigns, current, at)
        weights += weight
    return np.asarray(weighted / weights, dtype=np.float64)


def _draw_hidden_parts(world: World, contracts: Contracts, number: int, affected: Ints) -> tuple[Contracts, Floats]:
    """The same periods and events with newly drawn hidden parts, and the likelihood (n,) of each first charge.

    Effects of actions are computed for the `affected` rows only.
    """
    streams, periods, decision = world.streams.substreams(f"reachable {number}"), contracts.periods, contracts.decision
    others = make_people(streams, world.window, len(world.people))
    hidden = {name: getattr(others, name) for name in ("taste", "funds", "thrift")}
    people = replace(world.people, **hidden)
    discontent = make_latent_states(streams, world.window, people).discontent
    log_odds = leaving_log_odds(people, replace(world.latent_states, discontent=discontent), world.followers, periods)
    candidates = RenewalCandidates(periods.user, log_odds.total, log_odds.engagement, log_odds.discontent)
    effects = np.zeros_like(contracts.intent.effects)
    effects[affected] = contact_effect(people, candidates.select_rows(affected))
    intent = replace(
        contracts.intent, observable=log_odds.observable, hidden=log_odds.hidden, propensity=logistic(log_odds.total),
        effects=effects,
    )  # fmt: skip
    change = effects[np.arange(len(effects)), decision.arm - 1]
    arm_propensity = np.where(decision.treated, logistic(log_odds.total + change), intent.propensity)
    risk = charge_risk(people, periods.user, periods.end, periods.card_until)
    outcome = replace(contracts.outcome, late=np.where(periods.kind == OPT_IN, 0.0, risk.late()))
    is_certain = (periods.kind == OPT_IN) | decision.cancelled | outcome.by_card
    charge = np.where(is_certain, 1.0, np.where(outcome.step > 0, risk.declined, 1 - risk.declined))
    drawn = replace(
        contracts, intent=intent, decision=replace(decision, arm_propensity=arm_propensity), outcome=outcome
    )
    return drawn, charge


def _log_likelihood(contracts: Contracts, until: Ints, views: Floats) -> Floats:
    """Log-likelihood (n,) of what happened in each period before `until`, up to factors without hidden parts."""
    periods, intent, decision = contracts.periods, contracts.intent, contracts.decision
    leaves = intent.propensity
    clicked = (decision.clicked > 0) & (decision.clicked < until)
    bought = (decision.bought > 0) & (decision.bought < until)
    treated = decision.treated & (decision.contacted < until)
    share = timing.click_share(oracle.part_passed(periods, until), periods.kind == AUTO)
    at_contact, staying = oracle.contacted_masses(periods, intent, decision, decision.contacted)
    still_leaving = oracle.contacted_masses(periods, intent, decision, until)[0]
    likelihood = np.where(clicked, leaves, 1 - leaves * share)
    likelihood = np.where(treated, np.where(clicked, at_contact, still_leaving + staying), likelihood)
    bought_share = timing.purchase_share((until - periods.start) / (periods.end - periods.start + GRACE_PERIOD))
    purchase = np.where(bought, 1 - leaves, 1 - (1 - leaves) * bought_share)
    likelihood = np.where(periods.kind == OPT_IN, purchase, likelihood)
    stop = np.where(bought, decision.bought, np.where(clicked, decision.clicked, np.minimum(until, periods.end)))
    exposure = (stop - periods.decision_start) / (periods.end - periods.decision_start)
    rates = view_rates(periods, leaves)
    seen = views * np.log(np.maximum(rates, FLOOR)) - rates * np.clip(exposure, 0.0, 1.0)[:, None]
    return np.asarray(np.log(np.maximum(likelihood, FLOOR)) + seen.sum(axis=1), dtype=np.float64)


def _views_in_periods(periods: Periods, signals: ChurnSignals) -> tuple[Ints, Ints, Ints]:
    """Period, moment and page of each view in a decision time, without the view just before a cancel click."""
    span = int(periods.end.max()) + 1
    order = np.argsort(periods.user * span + periods.decision_start, kind="stable")
    keys = (periods.user * span + periods.decision_start)[order]
    place = np.searchsorted(keys, signals.user * span + signals.at, side="right") - 1
    period = order[np.maximum(place, 0)]
    inside = (place >= 0) & (periods.user[period] == signals.user) & (signals.at < periods.end[period])
    return period[inside], signals.at[inside], signals.page[inside]


def _count_views(period: Ints, pages: Ints, counted: Flags, periods: int) -> Floats:
    """Views (periods, pages) of the rows where `counted` is true."""
    cell = period[counted] * len(PAGES) + pages[counted]
    return np.bincount(cell, minlength=periods * len(PAGES)).reshape(periods, len(PAGES)).astype(np.float64)


def _sum_before(user: Ints, values: Floats) -> Floats:
    """For each row, the sum over earlier rows of the same user."""
    order = np.argsort(user, kind="stable")
    ordered = values[order]
    total = np.cumsum(ordered) - ordered
    first = np.searchsorted(user[order], user[order], side="left")
    result = np.empty(len(values))
    result[order] = total - total[first]
    return result

"""Probability of leaving as nobody but the simulator can know it, in closed form.

It is the posterior given everything that has happened by the date: whether the click has come, whether a campaign has
called. It integrates over what has not: clicks, campaigns, changes of mind, declined charges.
"""

import numpy as np

from projects.churn.simulator.columns import Flags, Floats, Ints
from projects.churn.simulator.contracts import timing
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.intent import Course, Intent
from projects.churn.simulator.contracts.tariffs import GRACE_TO_STAY
from projects.churn.simulator.contracts.terms import AUTO, OPT_IN, Terms
from projects.churn.simulator.people.campaigns import CONTROL, Campaigns


def probability(campaigns: Campaigns, contracts: Contracts, at: Ints) -> Floats:
    """P(left) of each period at a moment inside its time for deciding."""
    terms, course, late = contracts.terms, contracts.course, contracts.story.late
    standing = (course.clicked > 0) & (course.clicked < at)
    taken_back = standing & (course.undone > 0) & (course.undone < at)
    leaving = leaving_unclicked(campaigns, terms, contracts.intent, course, at)
    unclicked = _with_charge(leaving, timing.UNDO, late)
    since = (at - course.clicked) / np.maximum(1, terms.end - course.clicked)
    undo = timing.undone_later(np.clip(since, 0.0, 1.0))
    clicked = (1 - undo) + undo * late
    answer = np.where(taken_back, late, np.where(standing, clicked, unclicked))
    return np.where(terms.kind == OPT_IN, _opt_in(terms, contracts.intent, at), answer)


def _with_charge(leaving: Floats, undo: float, late: Floats) -> Floats:
    """Those who mean to leave and do not change their mind, and of the others those whose charge comes too late."""
    wanted = leaving * (1 - undo)
    return wanted + (1 - wanted) * late


def _opt_in(terms: Terms, intent: Intent, at: Ints) -> Floats:
    buys = 1 - intent.propensity
    bought = timing.bought_by((at - terms.start) / (terms.end - terms.start + GRACE_TO_STAY))
    return np.asarray(1 - buys * (1 - bought) / (1 - buys * bought), dtype=np.float64)


def leaving_unclicked(campaigns: Campaigns, terms: Terms, intent: Intent, course: Course, at: Ints) -> Floats:
    """P(means to leave | no click by `at`), for those who have not clicked."""
    trial = terms.kind == AUTO
    part = _part(terms, at)
    clicked = timing.clicked_by(part, trial)
    silent = 1 - intent.propensity * clicked
    called = (course.campaign >= 0) & (course.contacted < at)
    treated = called & ~course.control
    weight = np.ones(len(terms))
    mass = np.zeros(len(terms))
    for slot in range(intent.slots.shape[1]):
        when = np.where(intent.slots[:, slot] >= 0, campaigns.at[intent.slots[:, slot]], terms.end)
        to_come = (intent.slots[:, slot] >= 0) & (when >= at) & ~called
        share = weight * np.where(to_come, intent.reach[:, slot], 0.0)
        by_call = timing.clicked_by(_part(terms, when), trial)
        contacted = _mass(intent.propensity, intent.moved[:, slot], clicked, by_call)
        mass += share * (1 - CONTROL) * contacted
        mass += share * CONTROL * intent.propensity * (1 - clicked)
        weight = weight - share
    mass += weight * intent.propensity * (1 - clicked)
    return np.where(treated, _after_call(terms, intent, course, at), mass / silent)


def _mass(before: Floats, moved: Floats, clicked: Floats, by_call: Floats) -> Floats:
    """P(leaves, no click yet) if a call comes when `by_call` of the clicks are made and `clicked` are made now."""
    persuaded = moved * (1 - clicked) + (before - moved) * (by_call - clicked)
    woken = before * (1 - clicked) + (moved - before)
    return np.where(moved < before, persuaded, woken)


def _after_call(terms: Terms, intent: Intent, course: Course, at: Ints) -> Floats:
    """P(means to leave | called, no click since)."""
    before, moved = intent.propensity, course.moved
    trial = terms.kind == AUTO
    clicked = timing.clicked_by(_part(terms, at), trial)
    by_call = timing.clicked_by(_part(terms, course.contacted), trial)
    since = np.clip((at - course.contacted) / np.maximum(1, terms.end - course.contacted), 0.0, 1.0)
    persuaded = moved * (1 - clicked)
    woken = before * (1 - clicked) + (moved - before) * (1 - since)
    rest = np.where(moved < before, (before - moved) * (1 - by_call) + (1 - before), 1 - moved)
    leaving = np.where(moved < before, persuaded, woken)
    return np.asarray(leaving / np.maximum(1e-12, leaving + rest), dtype=np.float64)


def _part(terms: Terms, at: Ints) -> Floats:
    return np.clip((at - terms.deciding) / (terms.end - terms.deciding), 0.0, 1.0)


def at_contact(campaigns: Campaigns, contracts: Contracts) -> tuple[Floats, Floats]:
    """P(left) if contacted and if not, when the contact is decided, for periods that were assigned one."""
    terms, intent, course = contracts.terms, contracts.intent, contracts.course
    clicked = timing.clicked_by(_part(terms, course.contacted), terms.kind == AUTO)
    silent = 1 - intent.propensity * clicked
    contacted = _mass(intent.propensity, course.moved, clicked, clicked) / silent
    alone = intent.propensity * (1 - clicked) / silent
    late = contracts.story.late
    return _with_charge(contacted, timing.UNDO, late), _with_charge(alone, timing.UNDO, late)


def comes_late(contracts: Contracts) -> Flags:
    """Periods whose charge would have come too late had it been made: the draw behind both outcomes of a contact."""
    return contracts.story.would_be_late

"""The true probability of leaving, in closed form; only the simulator can know it.

It is the posterior probability given all events up to the date: cancel clicks, their reversals and contacts. It
integrates over all later events: clicks, reversals, contacts and declined charges.
"""

import numpy as np

from projects.churn.simulator.campaigns import CONTROL_SHARE, Campaigns
from projects.churn.simulator.columns import Flags, Floats, Ints
from projects.churn.simulator.contracts import timing
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.intent import Intent, RenewalDecision
from projects.churn.simulator.contracts.periods import AUTO, OPT_IN, Periods
from projects.churn.simulator.contracts.tariffs import GRACE_PERIOD


def probability(campaigns: Campaigns, contracts: Contracts, at: Ints) -> Floats:
    """P(leaves) of each period at the moments `at` (n,), each at or after the `decision_start` of its period."""
    periods, decision, late = contracts.periods, contracts.decision, contracts.outcome.late
    standing = (decision.clicked > 0) & (decision.clicked < at)
    taken_back = standing & (decision.undone > 0) & (decision.undone < at)
    leaving = leaving_unclicked(campaigns, periods, contracts.intent, decision, at)
    unclicked = _with_charge(leaving, timing.UNDO_SHARE, late)
    since = (at - decision.clicked) / np.maximum(1, periods.end - decision.clicked)
    undo = timing.undo_probability(np.clip(since, 0.0, 1.0))
    clicked = (1 - undo) + undo * late
    result = np.where(taken_back, late, np.where(standing, clicked, unclicked))
    return np.where(periods.kind == OPT_IN, _opt_in(periods, contracts.intent, at), result)


def _with_charge(leaving: Floats, undo: float, late: Floats) -> Floats:
    """P(leaves): intends to leave without a reversal, or stays but the charge succeeds too late."""
    wanted = leaving * (1 - undo)
    return wanted + (1 - wanted) * late


def _opt_in(periods: Periods, intent: Intent, at: Ints) -> Floats:
    buys = 1 - intent.propensity
    bought = timing.purchase_share((at - periods.start) / (periods.end - periods.start + GRACE_PERIOD))
    return np.asarray(1 - buys * (1 - bought) / (1 - buys * bought), dtype=np.float64)


def leaving_unclicked(
    campaigns: Campaigns, periods: Periods, intent: Intent, decision: RenewalDecision, at: Ints
) -> Floats:
    """P(intends to leave | no click by `at`)."""
    trial = periods.kind == AUTO
    part = part_passed(periods, at)
    clicked = timing.click_share(part, trial)
    silent = 1 - intent.propensity * clicked
    is_contacted = (decision.campaign >= 0) & (decision.contacted < at)
    treated = is_contacted & ~decision.control
    weight = np.ones(len(periods))
    mass = np.zeros(len(periods))
    for slot in range(intent.slots.shape[1]):
        when = np.where(intent.slots[:, slot] >= 0, campaigns.at[intent.slots[:, slot]], periods.end)
        to_come = (intent.slots[:, slot] >= 0) & (when >= at) & ~is_contacted
        share = weight * np.where(to_come, intent.targeted[:, slot], 0.0)
        click_share_at_contact = timing.click_share(part_passed(periods, when), trial)
        contacted = _joint_probability(
            intent.propensity, intent.contacted_propensity[:, slot], clicked, click_share_at_contact
        )
        mass += share * (1 - CONTROL_SHARE) * contacted
        mass += share * CONTROL_SHARE * intent.propensity * (1 - clicked)
        weight = weight - share
    mass += weight * intent.propensity * (1 - clicked)
    return np.where(treated, _after_contact(periods, intent, decision, at), mass / silent)


def _joint_probability(
    before: Floats, contacted_propensity: Floats, clicked: Floats, click_share_at_contact: Floats
) -> Floats:
    """P(leaves, no click yet) with a contact; both click shares are those at the contact and now (`clicked`)."""
    persuaded = contacted_propensity * (1 - clicked) + (before - contacted_propensity) * (
        click_share_at_contact - clicked
    )
    reminded = before * (1 - clicked) + (contacted_propensity - before)
    return np.where(contacted_propensity < before, persuaded, reminded)


def _after_contact(periods: Periods, intent: Intent, decision: RenewalDecision, at: Ints) -> Floats:
    """P(intends to leave | contacted, no click since)."""
    leaving, staying = contacted_masses(periods, intent, decision, at)
    return np.asarray(leaving / np.maximum(1e-12, leaving + staying), dtype=np.float64)


def contacted_masses(periods: Periods, intent: Intent, decision: RenewalDecision, at: Ints) -> tuple[Floats, Floats]:
    """P(leaves, no click by `at`) and P(stays), each together with no click before the contact."""
    before, contacted_propensity = intent.propensity, decision.contacted_propensity
    trial = periods.kind == AUTO
    clicked = timing.click_share(part_passed(periods, at), trial)
    click_share_at_contact = timing.click_share(part_passed(periods, decision.contacted), trial)
    since = np.clip((at - decision.contacted) / np.maximum(1, periods.end - decision.contacted), 0.0, 1.0)
    persuaded = contacted_propensity * (1 - clicked)
    reminded = before * (1 - clicked) + (contacted_propensity - before) * (1 - since)
    staying = np.where(
        contacted_propensity < before,
        (before - contacted_propensity) * (1 - click_share_at_contact) + (1 - before),
        1 - contacted_propensity,
    )
    return np.where(contacted_propensity < before, persuaded, reminded), staying


def part_passed(periods: Periods, at: Ints) -> Floats:
    """Share (n,), 0 to 1, of the decision time that has passed at the moments `at`."""
    return np.clip((at - periods.decision_start) / (periods.end - periods.decision_start), 0.0, 1.0)


def contact_probabilities(campaigns: Campaigns, contracts: Contracts) -> tuple[Floats, Floats]:
    """P(leaves) with and without the contact, at its assignment, for periods with an assigned contact."""
    periods, intent, decision = contracts.periods, contracts.intent, contracts.decision
    clicked = timing.click_share(part_passed(periods, decision.contacted), periods.kind == AUTO)
    silent = 1 - intent.propensity * clicked
    contacted = _joint_probability(intent.propensity, decision.contacted_propensity, clicked, clicked) / silent
    not_contacted = intent.propensity * (1 - clicked) / silent
    late = contracts.outcome.late
    return _with_charge(contacted, timing.UNDO_SHARE, late), _with_charge(not_contacted, timing.UNDO_SHARE, late)


def is_late(contracts: Contracts) -> Flags:
    """Mask of the periods whose drawn charge is too late; both potential outcomes of a contact share this draw."""
    return contracts.outcome.would_be_late

"""The true probability of leaving, in closed form; only the simulator can know it.

It is the posterior probability given all events up to the date: cancel clicks, their reversals and contacts. It
integrates over all later events: clicks, reversals, contacts and declined charges. Only a later unsubscribe before a
later campaign is left out; it is too rare to change a probability by 0.0001.
"""

import numpy as np

from projects.churn.simulator.campaigns import Campaigns, mean_over_arms
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
    is_assigned = (decision.campaign >= 0) & (decision.contacted < at)
    can_contact = intent.can_contact(campaigns, np.broadcast_to(at[:, None], intent.slots.shape))
    targeted = np.where(can_contact, intent.targeted, 0.0)
    changes, open_actions = intent.propensity_changes, intent.open_actions(at)
    persuaded = mean_over_arms(np.minimum(changes, 0.0), open_actions)
    reminded = mean_over_arms(np.maximum(changes, 0.0), open_actions)
    rows, weight = np.arange(len(periods)), np.ones(len(periods))
    mass = intent.propensity * (1 - clicked)
    for slot in range(intent.slots.shape[1]):
        campaign = intent.slots[:, slot]
        when = np.where(campaign >= 0, campaigns.at[campaign], periods.end)
        share = np.where((when >= at) & ~is_assigned, weight * targeted[:, slot], 0.0)
        plan = campaigns.plan[campaign]
        # People who are persuaded had not clicked by the contact.
        unclicked = 1 - timing.click_share(part_passed(periods, when), trial)
        mass += share * (persuaded[rows, plan] * unclicked + reminded[rows, plan])
        weight = weight - share
    treated = is_assigned & decision.treated
    return np.where(treated, _after_contact(periods, intent, decision, at), mass / silent)


def _after_contact(periods: Periods, intent: Intent, decision: RenewalDecision, at: Ints) -> Floats:
    """P(intends to leave | contacted, no click since)."""
    leaving, staying = contacted_masses(periods, intent, decision, at)
    return np.asarray(leaving / np.maximum(1e-12, leaving + staying), dtype=np.float64)


def contacted_masses(periods: Periods, intent: Intent, decision: RenewalDecision, at: Ints) -> tuple[Floats, Floats]:
    """P(leaves, no click by `at`) and P(stays), each together with no click before the contact."""
    before, changed = intent.propensity, decision.arm_propensity
    trial = periods.kind == AUTO
    clicked = timing.click_share(part_passed(periods, at), trial)
    click_share_at_contact = timing.click_share(part_passed(periods, decision.contacted), trial)
    since = np.clip((at - decision.contacted) / np.maximum(1, periods.end - decision.contacted), 0.0, 1.0)
    persuaded = changed * (1 - clicked)
    reminded = before * (1 - clicked) + (changed - before) * (1 - since)
    staying = np.where(
        changed < before,
        (before - changed) * (1 - click_share_at_contact) + (1 - before),
        1 - changed,
    )
    return np.where(changed < before, persuaded, reminded), staying


def part_passed(periods: Periods, at: Ints) -> Floats:
    """Share (n,), 0 to 1, of the decision time that has passed at the moments `at`."""
    return np.clip((at - periods.decision_start) / (periods.end - periods.decision_start), 0.0, 1.0)


def leaving_by_arm(contracts: Contracts, at: Ints) -> Floats:
    """P(leaves) (n, arms) if the person is assigned to each arm at the moments `at` (n,), without a click before.

    An action of a closed channel changes nothing: its messages are not sent.
    """
    periods, intent = contracts.periods, contracts.intent
    clicked = timing.click_share(part_passed(periods, at), periods.kind == AUTO)
    changes = intent.propensity_changes * intent.open_actions(at)
    # People who are persuaded had not clicked by the contact.
    changes = np.where(changes < 0, changes * (1 - clicked)[:, None], changes)
    leaving = (intent.propensity * (1 - clicked))[:, None] + np.pad(changes, ((0, 0), (1, 0)))
    leaving /= (1 - intent.propensity * clicked)[:, None]
    return _with_charge(leaving, timing.UNDO_SHARE, contracts.outcome.late[:, None])


def is_late(contracts: Contracts) -> Flags:
    """Mask of the periods whose drawn charge is too late; both potential outcomes of a contact share this draw."""
    return contracts.outcome.would_be_late

"""The mind before a renewal: leaving or not, when the click comes, what a campaign changes.

Somebody leaves if a uniform `whim` is below the propensity; a campaign moves the propensity, never the whim, so the two
outcomes of a contact share their random numbers.
"""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.columns import Columns, Flags, Floats, Ints, logistic, moments
from projects.churn.simulator.contracts import timing
from projects.churn.simulator.contracts.hazard import Hazard
from projects.churn.simulator.contracts.tariffs import GRACE_TO_STAY
from projects.churn.simulator.contracts.terms import (
    AUTO,
    OPT_IN,
    PAID,
    Terms,
)
from projects.churn.simulator.people.campaigns import (
    CONTROL,
    Campaigns,
    Minds,
    effect,
    selected,
)
from projects.churn.simulator.people.people import People

COURSE_DRAWS = 10


@dataclass(frozen=True)
class Intent(Columns):
    """State when deciding begins.

    `slots` (n, SLOTS) are the campaigns to come before the end, `reach` (n, SLOTS) the probability to be targeted by
    each, `moved` (n, SLOTS) the propensity after being contacted by it.
    """

    observable: Floats
    hidden: Floats
    propensity: Floats
    slots: Ints
    reach: Floats
    moved: Floats


@dataclass(frozen=True)
class Course(Columns):
    """What happened then; moments are 0 where nothing did.

    `campaign` is -1 without a contact; `control` contacts change nothing. `stays_if` and `stays_if_not` say whether the
    person would want to stay if contacted and if not, before the charge.
    """

    campaign: Ints
    control: Flags
    contacted: Ints
    moved: Floats
    clicked: Ints
    undone: Ints
    bought: Ints
    stays_if: Flags
    stays_if_not: Flags

    @property
    def cancelled(self) -> Flags:
        """A click that still stands at the end."""
        return np.asarray((self.clicked > 0) & (self.undone == 0))


def make_intent(people: People, campaigns: Campaigns, terms: Terms, hazard: Hazard, noise: Floats) -> Intent:
    """State when deciding begins; `noise` (n, 1) blurs what campaigns see of it."""
    minds = Minds(terms.user, hazard.log_odds, hazard.engagement, hazard.discontent)
    until = np.where(terms.kind == PAID, terms.end, terms.deciding)
    slots = campaigns.slots(terms.deciding, until)
    reach = selected(people, campaigns, minds, slots, noise)
    moved = logistic(hazard.log_odds[:, None] + effect(people, campaigns, minds, slots))
    return Intent(hazard.observable, hazard.hidden, logistic(hazard.log_odds), slots, reach, moved)


def run(draws: Floats, campaigns: Campaigns, terms: Terms, intent: Intent) -> Course:
    """The course of each period up to the charge, by uniform numbers (n, COURSE_DRAWS)."""
    whim = draws[:, 0]
    opt_in = terms.kind == OPT_IN
    span = (terms.end - terms.deciding).astype(np.float64)
    part = timing.click_part(draws[:, 1], draws[:, 2], terms.kind == AUTO)
    wish = terms.deciding + np.maximum(1, moments(span * part))
    wants = whim < intent.propensity
    slot = np.where((draws[:, 3:6] < intent.reach).any(axis=1), (draws[:, 3:6] < intent.reach).argmax(axis=1), -1)
    at = np.where(slot >= 0, campaigns.at[intent.slots[np.arange(len(slot)), slot]], 0)
    meets = (slot >= 0) & ~(wants & (wish < at)) & ~opt_in
    control = meets & (draws[:, 6] < CONTROL)
    moved = np.where(meets, intent.moved[np.arange(len(slot)), slot], intent.propensity)
    woken = at + np.maximum(1, moments((terms.end - at) * draws[:, 7]))
    undoes = draws[:, 8] < timing.UNDO
    leaves = np.where(meets & ~control, whim < moved, wants) & ~opt_in
    clicked = np.where(leaves, np.where(wants, wish, woken), 0)
    undone = np.where(leaves & undoes, clicked + np.maximum(1, moments((terms.end - clicked) * draws[:, 9])), 0)
    buying = opt_in & ~wants
    until = (terms.end - terms.start + GRACE_TO_STAY).astype(np.float64)
    return Course(
        campaign=np.where(meets, intent.slots[np.arange(len(slot)), slot], -1),
        control=control,
        contacted=np.where(meets, at, 0),
        moved=moved,
        clicked=np.minimum(clicked, terms.end - 2),
        undone=np.minimum(undone, terms.end - 1),
        bought=np.where(buying, terms.start + np.maximum(1, moments(until * timing.purchase_part(draws[:, 1]))), 0),
        stays_if=(whim >= moved) | undoes,
        stays_if_not=~wants | undoes,
    )

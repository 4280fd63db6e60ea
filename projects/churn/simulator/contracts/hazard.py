"""Log-odds of leaving at the end of a period: what the exports show of them, and what they hide."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, PRICE_RISE, moment, month
from projects.churn.simulator.columns import Floats, Ints
from projects.churn.simulator.contracts.terms import AUTO, PAID, Terms
from projects.churn.simulator.people.engagement import Moods
from projects.churn.simulator.people.people import People
from projects.churn.simulator.people.titles import Followers

RENEWAL = -3.2
ENGAGEMENT = -1.05
FIRST_RENEWALS = (0.0, 0.7, 0.3)
TENURE = -0.2
PROMO_END = 0.7
PRICE_SHOCK = (0.8, 0.4)
LONG_PLANS = {1: 0.0, 3: 0.45, 12: 1.0}
RETURNER = 0.35
HOUSEHOLD = -0.12
KIDS = -0.35
RECOVERED = 0.5
SUMMER = 0.25
FINALE = 0.7
#: a finale is felt by renewals this long after it.
AFTERMATH = 40 * DAY
DISCONTENT = 1.05

AUTO_TRIAL = 0.15
OPT_IN_TRIAL = 2.35
TRIAL_ENGAGEMENT = -0.9
TRIAL_DISCONTENT = 0.6
TRIAL_DAYS = {7: 0.25, 14: 0.0, 30: -0.3}


@dataclass(frozen=True)
class Hazard:
    """Parts of the log-odds (n,) and the engagement (n,) and discontent (n,) behind them."""

    observable: Floats
    hidden: Floats
    engagement: Floats
    discontent: Floats

    @property
    def log_odds(self) -> Floats:
        """Both parts together."""
        return self.observable + self.hidden


def hazard(people: People, moods: Moods, followers: Followers, terms: Terms) -> Hazard:
    """Log-odds of leaving at `terms.end`, as they stand when deciding begins."""
    paid = terms.kind == PAID
    engagement = np.where(
        paid, moods.recent_at(terms.user, terms.deciding), moods.engagement_at(terms.user, terms.deciding)
    )
    discontent = moods.discontent_at(terms.user, terms.deciding)
    renewal = _renewal(people, followers, terms) + ENGAGEMENT * engagement
    trial = _trial(people, terms) + TRIAL_ENGAGEMENT * engagement
    return Hazard(
        observable=np.where(paid, renewal, trial),
        hidden=discontent * np.where(paid, DISCONTENT, TRIAL_DISCONTENT),
        engagement=engagement,
        discontent=discontent,
    )


def _renewal(people: People, followers: Followers, terms: Terms) -> Floats:
    first = np.array([*FIRST_RENEWALS, 0.0])[np.minimum(terms.number, 3)]
    tenure = np.maximum(1, (terms.end - terms.subscribed) // (30 * DAY))
    ends_promo = (terms.start < terms.promo_until) & (terms.end >= terms.promo_until)
    summer = np.isin(month(terms.end), (5, 6, 7))
    log_odds = (
        RENEWAL
        + np.where(terms.months == 1, first, 0.0)
        + TENURE * np.log(tenure)
        + PROMO_END * ends_promo
        + _price_shock(terms)
        + np.select([terms.months == key for key in LONG_PLANS], list(LONG_PLANS.values()))
        + RETURNER * terms.returner
        + HOUSEHOLD * (people.household[terms.user] - 2)
        + KIDS * people.kids[terms.user]
        + RECOVERED * (terms.step > 0)
        + SUMMER * summer
        + FINALE * _after_finale(followers, terms)
    )
    return np.asarray(log_odds, dtype=np.float64)


def _price_shock(terms: Terms) -> Floats:
    """The first renewal at the higher price is the hardest, the second still hard."""
    rise = moment(PRICE_RISE)
    first = (terms.end >= rise) & (terms.start < rise) & (terms.subscribed < rise)
    length = terms.end - terms.start
    second = (terms.start >= rise) & (terms.start - length < rise) & (terms.subscribed < rise)
    return np.asarray(PRICE_SHOCK[0] * first + PRICE_SHOCK[1] * second, dtype=np.float64)


def _after_finale(followers: Followers, terms: Terms) -> Floats:
    """1 for those who followed a series to its end lately."""
    felt = np.zeros(len(terms))
    for series, finale in enumerate(followers.finale):
        since = terms.end - finale
        late = (since > 0) & (since < AFTERMATH) & (terms.subscribed < finale - 7 * DAY)
        felt = np.maximum(felt, late & followers.follows[terms.user, series])
    return felt


def _trial(people: People, terms: Terms) -> Floats:
    days = (terms.end - terms.start) // DAY
    length = np.select([days == key for key in TRIAL_DAYS], list(TRIAL_DAYS.values()))
    kind = np.where(terms.kind == AUTO, AUTO_TRIAL, OPT_IN_TRIAL)
    household: Ints = people.household[terms.user]
    return np.asarray(kind + length + RETURNER * terms.returner + HOUSEHOLD * (household - 2), dtype=np.float64)

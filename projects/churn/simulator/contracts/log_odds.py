"""Log-odds of leaving at the end of a period: an observable part and a part that no export shows.

The constants are coefficients in log-odds.
"""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, PRICE_RISE, moment, month_index
from projects.churn.simulator.columns import Floats, Ints
from projects.churn.simulator.contracts.periods import AUTO, PAID, Periods
from projects.churn.simulator.people.engagement import LatentStates
from projects.churn.simulator.people.people import People
from projects.churn.simulator.titles import Followers

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
#: a finale raises the log-odds of renewals up to this long after it.
AFTERMATH = 40 * DAY
DISCONTENT = 1.05

AUTO_TRIAL = 0.15
OPT_IN_TRIAL = 2.35
TRIAL_ENGAGEMENT = -0.9
TRIAL_DISCONTENT = 0.6
TRIAL_DAYS = {7: 0.25, 14: 0.0, 30: -0.3}


@dataclass(frozen=True)
class LogOdds:
    """Observable and hidden part (n,) of the log-odds, and the engagement and discontent (n,) behind them."""

    observable: Floats
    hidden: Floats
    engagement: Floats
    discontent: Floats

    @property
    def total(self) -> Floats:
        """The sum of both parts."""
        return self.observable + self.hidden


def leaving_log_odds(people: People, latent_states: LatentStates, followers: Followers, periods: Periods) -> LogOdds:
    """Log-odds of leaving at the end of each period, from the latent states at its `decision_start`."""
    paid = periods.kind == PAID
    engagement = np.where(
        paid,
        latent_states.recent_at(periods.user, periods.decision_start),
        latent_states.engagement_at(periods.user, periods.decision_start),
    )
    discontent = latent_states.discontent_at(periods.user, periods.decision_start)
    renewal = _renewal(people, followers, periods) + ENGAGEMENT * engagement
    trial = _trial(people, periods) + TRIAL_ENGAGEMENT * engagement
    return LogOdds(
        observable=np.where(paid, renewal, trial),
        hidden=discontent * np.where(paid, DISCONTENT, TRIAL_DISCONTENT),
        engagement=engagement,
        discontent=discontent,
    )


def _renewal(people: People, followers: Followers, periods: Periods) -> Floats:
    first = np.array([*FIRST_RENEWALS, 0.0])[np.minimum(periods.number, 3)]
    tenure = np.maximum(1, (periods.end - periods.subscribed) // (30 * DAY))
    ends_promo = (periods.start < periods.promo_until) & (periods.end >= periods.promo_until)
    summer = np.isin(month_index(periods.end), (5, 6, 7))
    log_odds = (
        RENEWAL
        + np.where(periods.months == 1, first, 0.0)
        + TENURE * np.log(tenure)
        + PROMO_END * ends_promo
        + _price_shock(periods)
        + np.select([periods.months == key for key in LONG_PLANS], list(LONG_PLANS.values()))
        + RETURNER * periods.returner
        + HOUSEHOLD * (people.household[periods.user] - 2)
        + KIDS * people.kids[periods.user]
        + RECOVERED * (periods.step > 0)
        + SUMMER * summer
        + FINALE * _after_finale(followers, periods)
    )
    return np.asarray(log_odds, dtype=np.float64)


def _price_shock(periods: Periods) -> Floats:
    """Effect of the price rise on the first two renewals at the higher price."""
    rise = moment(PRICE_RISE)
    first = (periods.end >= rise) & (periods.start < rise) & (periods.subscribed < rise)
    length = periods.end - periods.start
    second = (periods.start >= rise) & (periods.start - length < rise) & (periods.subscribed < rise)
    return np.asarray(PRICE_SHOCK[0] * first + PRICE_SHOCK[1] * second, dtype=np.float64)


def _after_finale(followers: Followers, periods: Periods) -> Floats:
    """1 for people whose followed series ended within `AFTERMATH` before the renewal, else 0."""
    felt = np.zeros(len(periods))
    for series, finale in enumerate(followers.finale):
        since = periods.end - finale
        late = (since > 0) & (since < AFTERMATH) & (periods.subscribed < finale - 7 * DAY)
        felt = np.maximum(felt, late & followers.follows[periods.user, series])
    return felt


def _trial(people: People, periods: Periods) -> Floats:
    days = (periods.end - periods.start) // DAY
    length = np.select([days == key for key in TRIAL_DAYS], list(TRIAL_DAYS.values()))
    kind = np.where(periods.kind == AUTO, AUTO_TRIAL, OPT_IN_TRIAL)
    household: Ints = people.household[periods.user]
    return np.asarray(kind + length + RETURNER * periods.returner + HOUSEHOLD * (household - 2), dtype=np.float64)

"""People who sign up: profile, household, payment method and lasting traits."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, HISTORY_SECONDS, MONTH_FACTORS, SimulationWindow, month_index
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.streams import Streams, choose

METHODS = ("card", "sbp", "mobile", "store")
REGIONS = ("Moscow", "Saint Petersburg", "Novosibirsk", "Yekaterinburg", "Kazan", "Krasnodar", "Samara", "Other")
CARD = 0
#: channels by which people can be contacted.
CHANNELS = ("email", "push", "sms")
EMAIL, PUSH, SMS = range(len(CHANNELS))
#: share of people who accept SMS, and share of dead addresses, by channel: the platform refuses every message to them.
SMS_CONSENT_SHARE = 0.45
DEAD_ADDRESS_SHARES = np.array([0.012, 0.03, 0.008])
#: share of people in the global control group, whom no campaign contacts.
GLOBAL_CONTROL = 0.03
#: share of people who signed up before the window.
STOCK_SHARE = 0.25


@dataclass(frozen=True)
class People(Columns):
    """One row per person, in the order of signing up.

    `method` is a position in `METHODS`, `months` the length of the plan. `funds` multiplies the risk that a charge is
    declined. `taste` is a lasting discontent in log-odds that no export shows, `appetite` the mean level of engagement,
    `thrift` (0 to 1) the preference for discounts over new titles. `dead_addresses` is (people, CHANNELS). The fields
    `accepts_...` hold the consents at registration; later an unsubscribe can close a channel.
    """

    signed_up: Ints
    registered: Ints
    birth_year: Ints
    gender: Ints
    region: Ints
    household: Ints
    kids: Flags
    accepts_email: Flags
    accepts_push: Flags
    accepts_sms: Flags
    dead_addresses: Flags
    method: Ints
    card_months: Ints
    months: Ints
    appetite: Floats
    taste: Floats
    funds: Floats
    thrift: Floats
    global_control: Flags

    @property
    def consents(self) -> Flags:
        """Whether each person accepts each of `CHANNELS` (people, CHANNELS) at registration."""
        return np.stack([self.accepts_email, self.accepts_push, self.accepts_sms], axis=1)


def make_people(streams: Streams, window: SimulationWindow, users: int) -> People:
    """Draw `users` people."""
    rng = streams.generator("people")
    signed_up = _sign_ups(streams.generator("sign-ups"), window, users)
    household = 1 + np.minimum(rng.poisson(1.2, users), 5).astype(np.int64)
    email = rng.random(users) < 0.82
    return People(
        signed_up=signed_up,
        registered=signed_up
        - rng.integers(60, 1800, users)
        - (rng.random(users) < 0.2) * rng.integers(0, 9, users) * DAY,
        birth_year=np.clip(rng.normal(1987, 12, users), 1940, 2008).astype(np.int64),
        gender=choose(rng, [0.46, 0.46, 0.08], users),
        region=choose(rng, [0.22, 0.12, 0.07, 0.06, 0.05, 0.06, 0.05, 0.37], users),
        household=household,
        kids=(household >= 3) & (rng.random(users) < 0.55),
        accepts_email=email,
        accepts_push=np.where(email, rng.random(users) < 0.6, rng.random(users) < 0.75),
        accepts_sms=streams.generator("sms consent").random(users) < SMS_CONSENT_SHARE,
        dead_addresses=streams.generator("dead addresses").random((users, len(CHANNELS))) < DEAD_ADDRESS_SHARES,
        method=choose(rng, [0.62, 0.18, 0.12, 0.08], users),
        card_months=rng.integers(1, 40, users),
        months=np.array([1, 3, 12])[choose(rng, [0.80, 0.11, 0.09], users)],
        appetite=rng.normal(0, 0.75, users) + 0.12 * (household - 2),
        taste=rng.normal(0, 0.45, users),
        funds=np.exp(rng.normal(-0.5, 1.0, users)),
        thrift=rng.random(users),
        global_control=streams.generator("global control").random(users) < GLOBAL_CONTROL,
    )


def _sign_ups(rng: np.random.Generator, window: SimulationWindow, users: int) -> Ints:
    stock = round(users * STOCK_SHARE)
    before = rng.integers(window.start - HISTORY_SECONDS, window.start, stock)
    days = np.arange(window.start, window.end, DAY)
    weight = np.cumsum(MONTH_FACTORS[month_index(days)] ** 0.7)
    day = np.searchsorted(weight, rng.random(users - stock) * weight[-1])
    # Nobody signs up between midnight and 7:00.
    hour = 7 + 17 * rng.random(users - stock) ** 0.7
    inside = days[np.minimum(day, len(days) - 1)] + (hour * 3600).astype(np.int64)
    return np.sort(np.concatenate([before, inside]))

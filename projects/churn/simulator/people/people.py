"""Those who sign up: who they are, how they pay, what their household is like."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY, STOCK, YEAR, Window, month
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.streams import Streams, choose

METHODS = ("card", "sbp", "mobile", "store")
REGIONS = ("Moscow", "Saint Petersburg", "Novosibirsk", "Yekaterinburg", "Kazan", "Krasnodar", "Samara", "Other")
CARD = 0
#: share of people that campaigns never touch.
GLOBAL_CONTROL = 0.03
#: share that signed up before the window.
STOCK_SHARE = 0.25


@dataclass(frozen=True)
class People(Columns):
    """One row a person, in the order of signing up.

    Moments are in seconds on the Moscow clock, `funds` multiplies the risk that a charge is declined, `taste` is a
    lasting dissatisfaction in log-odds that no export shows, `appetite` the lasting level of engagement.
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
    method: Ints
    card_months: Ints
    months: Ints
    appetite: Floats
    taste: Floats
    funds: Floats
    thrift: Floats
    global_control: Flags


def make_people(streams: Streams, window: Window, users: int) -> People:
    """Draw `users` people."""
    rng = streams.of("people")
    signed_up = _sign_ups(streams.of("sign-ups"), window, users)
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
        method=choose(rng, [0.62, 0.18, 0.12, 0.08], users),
        card_months=rng.integers(1, 40, users),
        months=np.array([1, 3, 12])[choose(rng, [0.80, 0.11, 0.09], users)],
        appetite=rng.normal(0, 0.75, users) + 0.12 * (household - 2),
        taste=rng.normal(0, 0.45, users),
        funds=np.exp(rng.normal(-0.5, 1.0, users)),
        thrift=rng.random(users),
        global_control=streams.of("global control").random(users) < GLOBAL_CONTROL,
    )


def _sign_ups(rng: np.random.Generator, window: Window, users: int) -> Ints:
    stock = round(users * STOCK_SHARE)
    before = rng.integers(window.start - STOCK, window.start, stock)
    days = np.arange(window.start, window.end, DAY)
    weight = np.cumsum(YEAR[month(days)] ** 0.7)
    day = np.searchsorted(weight, rng.random(users - stock) * weight[-1])
    # Nobody signs up for a cinema in the small hours.
    hour = 7 + 17 * rng.random(users - stock) ** 0.7
    inside = days[np.minimum(day, len(days) - 1)] + (hour * 3600).astype(np.int64)
    return np.sort(np.concatenate([before, inside]))

"""How subscriptions begin: at signing up, and when somebody comes back."""

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR
from projects.churn.simulator.columns import Floats, Ints, logistic, moments
from projects.churn.simulator.contracts import tariffs
from projects.churn.simulator.contracts.charges import CARD_LIFE
from projects.churn.simulator.contracts.terms import (
    AUTO,
    OPT_IN,
    PAID,
    Terms,
)
from projects.churn.simulator.streams import between, choose, pick
from projects.churn.simulator.world import World

MONTH = 30 * DAY
#: of those who sign up: trial that charges by itself, trial that waits for a purchase, no trial.
BEGINNINGS = [0.50, 0.27, 0.23]
TRIALS = {AUTO: [0.45, 0.35, 0.20], OPT_IN: [0.5, 0.35, 0.15]}
PROMOTED = 0.40
#: coming back: log-odds to do so at all, and the scale in days of how soon, with a heavy tail.
RETURN = 0.12
RETURN_ENGAGEMENT = 0.5
RETURN_AFTER = 3 * DAY
RETURN_SCALE = 60.0
RETURN_TAIL = 1.4
RETURN_TRIAL = 0.16
#: random numbers of a beginning: length of either trial, months of the promotion, whether there is one.
BEGINNING_DRAWS = 4


def first_subscriptions(world: World) -> Terms:
    """First subscriptions, one a person."""
    people = world.people
    rng = world.streams.of("beginnings")
    kind = choose(rng, BEGINNINGS, len(people))
    card = people.signed_up + people.card_months * MONTH
    draws, everybody = rng.random((len(people), BEGINNING_DRAWS)), np.arange(len(people))
    return _begin(draws, world, everybody, people.signed_up, kind, card, everybody, False)


def _begin(
    draws: Floats, world: World, user: Ints, start: Ints, kind: Ints, card: Ints, number: Ints, back: bool
) -> Terms:
    """New subscriptions from `start` on, by uniform numbers (n, BEGINNING_DRAWS); returners get only short trials."""
    auto, opt_in = (
        pick(draws[:, trial_kind], [1.0, 0, 0] if back else TRIALS[trial_kind]) for trial_kind in (AUTO, OPT_IN)
    )
    length = tariffs.TRIAL_DAYS[np.where(kind == AUTO, auto, opt_in)] * DAY
    trial = kind != PAID
    months = world.people.months[user]
    end = start + np.where(trial, length, tariffs.duration(months))
    promo_months = between(draws[:, 2], 1, 4)
    promoted = (draws[:, 3] < PROMOTED) & (months == 1)
    until = np.where(promoted, np.where(trial, end + tariffs.GRACE_TO_STAY, start) + promo_months * MONTH - DAY, 0)
    price = np.where(trial, 0.0, tariffs.price(months, start, until))
    return Terms(
        user=user, subscription=number, kind=kind, number=np.where(trial, 0, 1), subscribed=start, start=start, end=end,
        months=months, price=price, promo_until=until, trial_kind=np.where(trial, kind, -1),
        trial_until=np.where(trial, end, 0), returner=np.full(len(user), back), card_until=card,
        step=np.zeros(len(user), dtype=np.int64),
    )  # fmt: skip


def returning_subscriptions(world: World, terms: Terms, ended: Ints, turn: int, count: int) -> Terms:
    """New subscriptions of those who come back; the chance falls with the time away."""
    draws = world.streams.of(f"returns {turn}").random((len(world.people), 4 + BEGINNING_DRAWS))[terms.user]
    wish = world.moods.engagement_at(terms.user, ended)
    comes = draws[:, 0] < logistic(RETURN + RETURN_ENGAGEMENT * wish)
    away = RETURN_SCALE * ((1 - draws[:, 1]) ** (-1 / RETURN_TAIL) - 1)
    start = ended + RETURN_AFTER + moments(np.minimum(away, 2000.0) * DAY) + HOUR
    start = start // DAY * DAY + between(draws[:, 2], 7 * HOUR, 24 * HOUR) + DAY
    returns = (ended > 0) & comes & (start < world.window.end)
    old = terms.take(returns)
    kind = pick(draws[returns, 3], [RETURN_TRIAL * 0.6, RETURN_TRIAL * 0.4, 1 - RETURN_TRIAL])
    card = np.where(old.card_until <= start[returns], old.card_until + CARD_LIFE * MONTH, old.card_until)
    numbers = count + np.arange(len(old))
    return _begin(draws[returns, 4:], world, old.user, start[returns], kind, card, numbers, True)

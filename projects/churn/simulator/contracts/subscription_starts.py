"""Starts of subscriptions: at signing up, and when a former subscriber returns."""

import numpy as np

from projects.churn.simulator.calendar import DAY, HOUR
from projects.churn.simulator.columns import Floats, Ints, logistic, moments
from projects.churn.simulator.contracts import tariffs
from projects.churn.simulator.contracts.charges import CARD_LIFE
from projects.churn.simulator.contracts.periods import (
    AUTO,
    OPT_IN,
    PAID,
    Periods,
)
from projects.churn.simulator.streams import between, choose, pick
from projects.churn.simulator.world import World

MONTH = 30 * DAY
#: shares of new subscribers by first period: automatically charged trial, opt-in trial, no trial.
START_KIND_SHARES = [0.50, 0.27, 0.23]
TRIALS = {AUTO: [0.45, 0.35, 0.20], OPT_IN: [0.5, 0.35, 0.15]}
PROMOTION_SHARE = 0.40
#: returning: log-odds of ever returning, minimum wait, and scale in days and exponent of the heavy-tailed wait.
RETURN = 0.12
RETURN_ENGAGEMENT = 0.5
RETURN_AFTER = 3 * DAY
RETURN_SCALE = 60.0
RETURN_TAIL = 1.4
RETURN_TRIAL = 0.16
#: uniform numbers per start: length of either trial, months of the promotion, whether there is a promotion.
START_DRAWS = 4


def first_subscriptions(world: World) -> Periods:
    """Draw the first subscription of every person."""
    people = world.people
    rng = world.streams.generator("beginnings")
    kind = choose(rng, START_KIND_SHARES, len(people))
    card = people.signed_up + people.card_months * MONTH
    draws, everybody = rng.random((len(people), START_DRAWS)), np.arange(len(people))
    return _start_subscriptions(draws, world, everybody, people.signed_up, kind, card, everybody, False)


def _start_subscriptions(
    draws: Floats, world: World, user: Ints, start: Ints, kind: Ints, card: Ints, number: Ints, back: bool
) -> Periods:
    """Start new subscriptions from uniform numbers (n, START_DRAWS); returning people get only the shortest trial."""
    auto, opt_in = (
        pick(draws[:, trial_kind], [1.0, 0, 0] if back else TRIALS[trial_kind]) for trial_kind in (AUTO, OPT_IN)
    )
    length = tariffs.TRIAL_DAYS[np.where(kind == AUTO, auto, opt_in)] * DAY
    trial = kind != PAID
    months = world.people.months[user]
    end = start + np.where(trial, length, tariffs.duration(months))
    promo_months = between(draws[:, 2], 1, 4)
    promoted = (draws[:, 3] < PROMOTION_SHARE) & (months == 1)
    until = np.where(promoted, np.where(trial, end + tariffs.GRACE_PERIOD, start) + promo_months * MONTH - DAY, 0)
    price = np.where(trial, 0.0, tariffs.price(months, start, until))
    return Periods(
        user=user, subscription=number, kind=kind, number=np.where(trial, 0, 1), subscribed=start, start=start, end=end,
        months=months, price=price, promo_until=until, trial_kind=np.where(trial, kind, -1),
        trial_until=np.where(trial, end, 0), returner=np.full(len(user), back), card_until=card,
        step=np.zeros(len(user), dtype=np.int64),
    )  # fmt: skip


def returning_subscriptions(world: World, periods: Periods, ended: Ints, turn: int, count: int) -> Periods:
    """Draw the new subscriptions of people who return.

    `ended` (n,) is the moment at which access ended, 0 where it goes on. `turn` counts the periods of a person and
    names the stream, and `count` the number of subscriptions so far.
    """
    draws = world.streams.generator(f"returns {turn}").random((len(world.people), 4 + START_DRAWS))[periods.user]
    wish = world.latent_states.engagement_at(periods.user, ended)
    comes = draws[:, 0] < logistic(RETURN + RETURN_ENGAGEMENT * wish)
    away = RETURN_SCALE * ((1 - draws[:, 1]) ** (-1 / RETURN_TAIL) - 1)
    start = ended + RETURN_AFTER + moments(np.minimum(away, 2000.0) * DAY) + HOUR
    start = start // DAY * DAY + between(draws[:, 2], 7 * HOUR, 24 * HOUR) + DAY
    returns = (ended > 0) & comes & (start < world.window.end)
    old = periods.select_rows(returns)
    kind = pick(draws[returns, 3], [RETURN_TRIAL * 0.6, RETURN_TRIAL * 0.4, 1 - RETURN_TRIAL])
    card = np.where(old.card_until <= start[returns], old.card_until + CARD_LIFE * MONTH, old.card_until)
    numbers = count + np.arange(len(old))
    return _start_subscriptions(draws[returns, 4:], world, old.user, start[returns], kind, card, numbers, True)

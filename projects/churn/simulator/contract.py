"""The contract machine: trials, periods, leaving, coming back; all people at once, one period a turn."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator import tariffs
from projects.churn.simulator.calendar import DAY, HOUR
from projects.churn.simulator.campaigns import Campaigns
from projects.churn.simulator.charges import CARD_LIFE, LAPSED, Charge, ChargeRisk, charge, charge_risk, paid_after
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints, logistic, moments
from projects.churn.simulator.hazard import hazard
from projects.churn.simulator.intent import Course, Intent, make_intent, run
from projects.churn.simulator.people import CARD
from projects.churn.simulator.streams import choose
from projects.churn.simulator.terms import AUTO, OPT_IN, PAID, Terms
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


@dataclass(frozen=True)
class Story(Columns):
    """How a period ended: moments are 0 where it did not happen.

    `announced` is the price that was told when the period began, `due` what the next period costs, `ended` when access was given up for good, `late` the probability of the charge
    coming too late, as known before it, `would_be_late` whether it came too late or would have for those who cancelled.
    """

    late: Floats
    would_be_late: Flags
    step: Ints
    by_card: Flags
    announced: Floats
    due: Floats
    next_start: Ints
    ended: Ints


@dataclass(frozen=True)
class Contracts:
    """All periods; the parts agree row by row."""

    terms: Terms
    intent: Intent
    course: Course
    story: Story
    subscriptions: int


def run_contracts(world: World) -> Contracts:
    """Run everybody from signing up to the end of the window."""
    terms = _beginnings(world)
    turns: list[tuple[Terms, Intent, Course, Story]] = []
    subscriptions = len(terms)
    while len(terms):
        turn = len(turns)
        intent, course, story = _turn(world, terms, turn)
        turns.append((terms, intent, course, story))
        further = _further(world, terms, story)
        back = _returns(world, terms, story, turn, subscriptions)
        subscriptions += len(back)
        terms = Terms.concat([further, back])
        terms = terms.take(terms.start < world.window.end)
    parts = list(zip(*turns, strict=True))
    return Contracts(
        Terms.concat(parts[0]), Intent.concat(parts[1]), Course.concat(parts[2]), Story.concat(parts[3]), subscriptions
    )


def _turn(world: World, terms: Terms, turn: int) -> tuple[Intent, Course, Story]:
    of = world.streams.of
    parts = hazard(world.people, world.moods, world.followers, terms)
    noise = of(f"targeting {turn}").standard_normal((len(terms), 1))
    intent = make_intent(world.people, world.campaigns, terms, parts, noise[:, 0])
    course = run(of(f"intent {turn}"), world.campaigns, terms, intent)
    risk = charge_risk(world.people, terms.user, terms.end, terms.card_until)
    return intent, course, _end(terms, course, risk, charge(of(f"charge {turn}"), risk), world)


def _end(terms: Terms, course: Course, risk: ChargeRisk, charged: Charge, world: World) -> Story:
    """What comes of the period: the next one begins, or access ends."""
    opt_in = terms.kind == OPT_IN
    asked = ~opt_in & ~course.cancelled
    step = np.where(asked, charged.step, 0)
    lapsed = asked & (step == LAPSED)
    next_start = np.where(opt_in, course.bought, np.where(asked & ~lapsed, terms.end + paid_after(step), 0))
    gone = np.where(opt_in, terms.end + tariffs.GRACE_TO_STAY, terms.end + np.where(lapsed, paid_after(step), 0))
    due = tariffs.price(terms.months, np.where(opt_in & (next_start > 0), next_start, terms.end), terms.promo_until)
    offered = _offered(world.campaigns, course)
    reduced = np.where(offered == 1, due * 0.8, np.where(offered == 2, due - due / terms.months, due))
    return Story(
        late=np.where(opt_in, 0.0, risk.late()),
        would_be_late=~opt_in & (paid_after(charged.step) > tariffs.GRACE_TO_STAY),
        step=step,
        by_card=asked & charged.by_card,
        announced=tariffs.price(terms.months, terms.start, terms.promo_until),
        due=np.maximum(1.0, np.round(reduced, 2)),
        next_start=next_start,
        ended=np.where(next_start == 0, gone, 0),
    )


def _offered(campaigns: Campaigns, course: Course) -> Ints:
    """The offer that was sent, 0 without one."""
    sent = (course.campaign >= 0) & ~course.control
    return np.where(sent, campaigns.offer[np.maximum(course.campaign, 0)], 0)


def _further(world: World, terms: Terms, story: Story) -> Terms:
    """The periods of those who stay."""
    stays = story.next_start > 0
    old, start = terms.take(stays), story.next_start[stays]
    expired = (world.people.method[old.user] == CARD) & (old.card_until <= start)
    return Terms(
        user=old.user,
        subscription=old.subscription,
        kind=np.full(len(old), PAID),
        number=old.number + 1,
        subscribed=old.subscribed,
        start=start,
        end=start + tariffs.duration(old.months),
        months=old.months,
        price=story.due[stays],
        promo_until=old.promo_until,
        trial_kind=old.trial_kind,
        trial_until=old.trial_until,
        returner=old.returner,
        card_until=np.where(expired, old.card_until + CARD_LIFE * MONTH, old.card_until),
        step=story.step[stays],
    )


def _beginnings(world: World) -> Terms:
    """First subscriptions, one a person."""
    people = world.people
    rng = world.streams.of("beginnings")
    kind = choose(rng, BEGINNINGS, len(people))
    card = people.signed_up + people.card_months * MONTH
    return _begin(rng, world, np.arange(len(people)), people.signed_up, kind, card, np.arange(len(people)), False)


def _begin(
    rng: np.random.Generator, world: World, user: Ints, start: Ints, kind: Ints, card: Ints, number: Ints, back: bool
) -> Terms:
    """New subscriptions from `start` on; returners (`back`) only get short trials."""
    auto, opt_in = (choose(rng, [1.0, 0, 0] if back else TRIALS[one], len(user)) for one in (AUTO, OPT_IN))
    length = tariffs.TRIAL_DAYS[np.where(kind == AUTO, auto, opt_in)] * DAY
    trial = kind != PAID
    months = world.people.months[user]
    end = start + np.where(trial, length, tariffs.duration(months))
    promo_months = rng.integers(1, 4, len(user))
    promoted = (rng.random(len(user)) < PROMOTED) & (months == 1)
    until = np.where(promoted, np.where(trial, end + tariffs.GRACE_TO_STAY, start) + promo_months * MONTH - DAY, 0)
    price = np.where(trial, 0.0, tariffs.price(months, start, until))
    return Terms(
        user=user, subscription=number, kind=kind, number=np.where(trial, 0, 1), subscribed=start, start=start, end=end,
        months=months, price=price, promo_until=until, trial_kind=np.where(trial, kind, -1),
        trial_until=np.where(trial, end, 0), returner=np.full(len(user), back), card_until=card,
        step=np.zeros(len(user), dtype=np.int64),
    )  # fmt: skip


def _returns(world: World, terms: Terms, story: Story, turn: int, count: int) -> Terms:
    """New subscriptions of those who come back; the chance falls with the time away."""
    rng = world.streams.of(f"returns {turn}")
    wish = world.moods.engagement_at(terms.user, story.ended)
    comes = rng.random(len(terms)) < logistic(RETURN + RETURN_ENGAGEMENT * wish)
    away = RETURN_SCALE * ((1 - rng.random(len(terms))) ** (-1 / RETURN_TAIL) - 1)
    start = story.ended + RETURN_AFTER + moments(np.minimum(away, 2000.0) * DAY) + HOUR
    start = start // DAY * DAY + rng.integers(7 * HOUR, 24 * HOUR, len(terms)) + DAY
    kept = (story.ended > 0) & comes & (start < world.window.end)
    old = terms.take(kept)
    kind = choose(rng, [RETURN_TRIAL * 0.6, RETURN_TRIAL * 0.4, 1 - RETURN_TRIAL], len(old))
    card = np.where(old.card_until <= start[kept], old.card_until + CARD_LIFE * MONTH, old.card_until)
    numbers = count + np.arange(len(old))
    return _begin(rng, world, old.user, start[kept], kind, card, numbers, True)

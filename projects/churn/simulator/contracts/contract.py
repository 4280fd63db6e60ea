"""The contract machine: trials, periods, leaving, coming back; all people at once, one period a turn."""

from dataclasses import dataclass, replace

import numpy as np

from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.contracts import tariffs
from projects.churn.simulator.contracts.beginnings import MONTH, first_subscriptions, returning_subscriptions
from projects.churn.simulator.contracts.charges import (
    CARD_LIFE,
    CHARGE_DRAWS,
    LAPSED,
    Charge,
    ChargeRisk,
    charge,
    charge_risk,
    paid_after,
)
from projects.churn.simulator.contracts.hazard import hazard
from projects.churn.simulator.contracts.intent import (
    COURSE_DRAWS,
    Course,
    Intent,
    make_intent,
    run,
)
from projects.churn.simulator.contracts.terms import OPT_IN, PAID, Terms
from projects.churn.simulator.people.campaigns import Campaigns
from projects.churn.simulator.people.people import CARD
from projects.churn.simulator.world import World


@dataclass(frozen=True)
class Story(Columns):
    """How a period ended: moments are 0 where it did not happen.

    `announced` is the price that was told when the period began, `due` what the next period costs, `ended` when access
    was given up for good, `late` the probability of the charge coming too late, as known before it, `would_be_late`
    whether it came too late or would have for those who cancelled.
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
    terms = first_subscriptions(world)
    turns: list[tuple[Terms, Intent, Course, Story]] = []
    subscriptions = len(terms)
    while len(terms):
        turn = len(turns)
        intent, course, story = _turn(world, terms, turn)
        turns.append((terms, intent, course, story))
        further = _further(world, terms, story)
        back = returning_subscriptions(world, terms, story.ended, turn, subscriptions)
        subscriptions += len(back)
        terms = Terms.concat([further, back])
        terms = terms.take(terms.start < world.window.end)
    parts = list(zip(*turns, strict=True))
    return _in_time(Terms.concat(parts[0]), Intent.concat(parts[1]), Course.concat(parts[2]), Story.concat(parts[3]))


def _in_time(terms: Terms, intent: Intent, course: Course, story: Story) -> Contracts:
    """Periods and the numbers of subscriptions in the order of time, which tells nothing of what comes later."""
    order = np.lexsort((terms.user, terms.start))
    terms = terms.take(order)
    _, first, of = np.unique(terms.subscription, return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(first))[of]
    terms = replace(terms, subscription=number)
    return Contracts(terms, intent.take(order), course.take(order), story.take(order), len(first))


def _turn(world: World, terms: Terms, turn: int) -> tuple[Intent, Course, Story]:
    of = world.streams.of
    parts = hazard(world.people, world.moods, world.followers, terms)
    # Everybody has numbers of their own in every turn: who comes and goes shifts nobody else's.
    count, user = len(world.people), terms.user
    noise = of(f"targeting {turn}").standard_normal(count)[user]
    intent = make_intent(world.people, world.campaigns, terms, parts, noise)
    course = run(of(f"intent {turn}").random((count, COURSE_DRAWS))[user], world.campaigns, terms, intent)
    risk = charge_risk(world.people, user, terms.end, terms.card_until)
    charged = charge(of(f"charge {turn}").random((count, CHARGE_DRAWS))[user], risk)
    return intent, course, _end(terms, course, risk, charged, world)


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

"""The books: subscriptions, payments and the switch of automatic renewal."""

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Flags, Floats, Ints
from projects.churn.simulator.contracts import tariffs
from projects.churn.simulator.contracts.charges import LAPSED, RETRIES, paid_after
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.terms import (
    AUTO,
    OPT_IN,
    PAID,
    TRIAL_KINDS,
    Terms,
)
from projects.churn.simulator.people.people import CARD, METHODS
from projects.churn.simulator.streams import choose
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.logs import (
    Fields,
    Log,
    Texts,
    before,
    delays,
)
from projects.churn.simulator.world import World

EVENTS = ("trial_started", "activated", "renewed", "grace_started", "lapsed", "reactivated")
TRIAL_STARTED, ACTIVATED, RENEWED, GRACE_STARTED, LAPSE, REACTIVATED = range(len(EVENTS))
SWITCHERS = ("user", "system", "support")
USER, SYSTEM, SUPPORT = range(len(SWITCHERS))
DECLINES = ("insufficient_funds", "do_not_honor", "limit_exceeded", "expired_card")
EXPIRED = 3
PROMOS = ("SPRING", "FIRST", "KINO50", "NEWYEAR")


def subscriptions(world: World, contracts: Contracts) -> Log:
    """Events in the life of a subscription."""
    terms, story = contracts.terms, contracts.story
    begins = np.where(
        terms.number == 0,
        TRIAL_STARTED,
        np.where(terms.number > 1, RENEWED, np.where(_fresh(terms), REACTIVATED, ACTIVATED)),
    )
    failed = np.flatnonzero(story.step > 0)
    ended = np.flatnonzero(story.ended > 0)
    rows = np.concatenate([np.arange(len(terms)), failed, ended])
    kind = np.concatenate([begins, np.full(len(failed), GRACE_STARTED), np.full(len(ended), LAPSE)])
    at = np.concatenate([terms.start, terms.end[failed], story.ended[ended]])
    # A trial begins with the price announced then: what is charged later depends on what happens until then.
    price = np.where(terms.kind == PAID, terms.price, story.announced)
    due = np.concatenate([price, story.due[failed], story.due[ended]])
    order = before(at, world.window.end)
    rows, kind, at, due = rows[order], kind[order], at[order], due[order]
    known = at + delays(world.streams.under("subscriptions known"), len(at))
    fields: Fields = {
        "number": np.arange(len(at)), "user": terms.user[rows], "subscription": terms.subscription[rows],
        "kind": kind, "at": at, "months": terms.months[rows], "price": due, "promo_until": terms.promo_until[rows],
        "trial_kind": terms.trial_kind[rows], "trial_until": terms.trial_until[rows], "known": known,
    }  # fmt: skip
    return Log("subscriptions.csv.gz", known, fields, _subscription_texts, "price")


def _fresh(terms: Terms) -> Flags:
    """Subscriptions of returners that begin with a purchase."""
    return np.asarray(terms.returner & (terms.trial_kind < 0))


def _subscription_texts(rows: Fields) -> Texts:
    codes = np.where(rows["promo_until"] > 0, rows["user"] % len(PROMOS), -1)
    plans = list(tariffs.PLANS)
    return {
        "event_id": text.numbered("e", rows["number"], 8),
        "user_id": text.user_id(rows["user"]),
        "subscription_id": text.numbered("s", rows["subscription"], 7),
        "event_type": text.words(EVENTS, rows["kind"]),
        "event_at": text.iso(rows["at"]),
        "plan": text.words(list(tariffs.PLANS.values()), np.searchsorted(plans, rows["months"])),
        "period_months": text.plain(rows["months"]),
        "price": text.plain(rows["price"]),
        "promo_code": text.words(PROMOS, codes),
        "promo_until": text.iso(rows["promo_until"]),
        "trial_kind": text.words(TRIAL_KINDS, rows["trial_kind"]),
        "trial_until": text.iso(rows["trial_until"]),
        "reported_at": text.iso(rows["known"]),
    }


def payments(world: World, contracts: Contracts) -> Log:
    """Attempts to charge: one that succeeded per paid period, and the declined ones before it."""
    terms, story = contracts.terms, contracts.story
    paid = np.flatnonzero(terms.kind == PAID)
    attempt, failed = _declined(story.step)
    rows = np.concatenate([paid, failed])
    succeeded = np.arange(len(rows)) < len(paid)
    number = np.concatenate([terms.step[paid], attempt])
    due = np.concatenate([terms.start[paid], terms.end[failed]])
    at = due + np.where(succeeded, 0, paid_after(number))
    order = before(at, world.window.end)
    rows, succeeded, number, due, at = rows[order], succeeded[order], number[order], due[order], at[order]
    until = np.where(succeeded, terms.end[rows], due + tariffs.duration(terms.months[rows]))
    codes = choose(world.streams.of("declines"), [0.7, 0.2, 0.1], len(rows))
    code = np.where(succeeded, -1, np.where(story.by_card[rows], EXPIRED, codes))
    amount: Floats = np.where(succeeded, terms.price[rows], story.due[rows])
    known = at + delays(world.streams.under("payments known"), len(at))
    method = world.people.method[terms.user[rows]]
    fields: Fields = {
        "number": np.arange(len(at)), "user": terms.user[rows], "subscription": terms.subscription[rows],
        "attempt": number + 1, "at": at, "succeeded": succeeded.astype(np.int64), "amount": amount, "method": method,
        "card_until": np.where(method == CARD, terms.card_until[rows] - DAY, 0), "code": code, "start": due,
        "until": until, "known": known,
    }  # fmt: skip
    return Log("payments.csv.gz", known, fields, _payment_texts, "amount")


def _declined(step: Ints) -> tuple[Ints, Ints]:
    """Attempt numbers (0 the first) of all declined attempts, and the rows they belong to."""
    attempts = np.minimum(step, len(RETRIES) + 1)
    rows = np.repeat(np.arange(len(step)), attempts)
    first = np.cumsum(attempts) - attempts
    return np.arange(len(rows)) - np.repeat(first, attempts), rows


def _payment_texts(rows: Fields) -> Texts:
    return {
        "payment_id": text.numbered("p", rows["number"], 8),
        "user_id": text.user_id(rows["user"]),
        "subscription_id": text.numbered("s", rows["subscription"], 7),
        "attempt_no": text.plain(rows["attempt"]),
        "attempted_at": text.iso(rows["at"]),
        "status": text.words(("failed", "succeeded"), rows["succeeded"]),
        "amount": text.plain(rows["amount"]),
        "currency": text.constant("RUB", len(rows["at"])),
        "method": text.words(METHODS, rows["method"]),
        "card_expires_on": text.day(rows["card_until"]),
        "decline_code": text.words(DECLINES, rows["code"]),
        "period_start": text.iso(rows["start"]),
        "period_end": text.iso(rows["until"]),
        "reported_at": text.iso(rows["known"]),
    }


def switches(world: World, contracts: Contracts) -> Log:
    """Automatic renewal on and off."""
    terms, course, story = contracts.terms, contracts.course, contracts.story
    begun = np.flatnonzero((terms.kind == AUTO) | ((terms.number == 1) & (terms.trial_kind != AUTO)))
    clicked = np.flatnonzero((course.clicked > 0) & (terms.kind != OPT_IN))
    undone = np.flatnonzero(course.undone > 0)
    exhausted = np.flatnonzero(story.step == LAPSED)
    helped = world.streams.of("support").random(len(terms))[undone] < 0.2
    rows = np.concatenate([begun, clicked, undone, exhausted])
    at = np.concatenate([terms.start[begun], course.clicked[clicked], course.undone[undone], story.ended[exhausted]])
    on = np.repeat([1, 0, 1, 0], [len(begun), len(clicked), len(undone), len(exhausted)])
    by = np.concatenate(
        [
            np.full(len(begun), SYSTEM),
            np.full(len(clicked), USER),
            np.where(helped, SUPPORT, USER),
            np.full(len(exhausted), SYSTEM),
        ]
    )
    order = before(at, world.window.end)
    rows, at, on, by = rows[order], at[order], on[order], by[order]
    known = at + delays(world.streams.under("switches known"), len(at))
    fields: Fields = {
        "number": np.arange(len(at)), "user": terms.user[rows], "subscription": terms.subscription[rows], "at": at,
        "on": on, "by": by, "known": known,
    }  # fmt: skip
    return Log("auto_renew.csv.gz", known, fields, _switch_texts, "auto_renew")


def _switch_texts(rows: Fields) -> Texts:
    return {
        "switch_id": text.numbered("w", rows["number"], 8),
        "user_id": text.user_id(rows["user"]),
        "subscription_id": text.numbered("s", rows["subscription"], 7),
        "switched_at": text.iso(rows["at"]),
        "auto_renew": text.plain(rows["on"]),
        "switched_by": text.words(SWITCHERS, rows["by"]),
        "reported_at": text.iso(rows["known"]),
    }

"""Export of billing: subscription events, payments and switches of automatic renewal."""

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Fields, Flags, Floats, Ints
from projects.churn.simulator.contracts import tariffs
from projects.churn.simulator.contracts.charges import LAPSED, RETRIES, paid_after
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.periods import (
    AUTO,
    OPT_IN,
    PAID,
    TRIAL_KINDS,
    Periods,
)
from projects.churn.simulator.events import draw_delays, sort_before
from projects.churn.simulator.people.people import CARD, METHODS
from projects.churn.simulator.streams import choose
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.logs import Log, Texts
from projects.churn.simulator.world import World

EVENTS = ("trial_started", "activated", "renewed", "grace_started", "lapsed", "reactivated")
TRIAL_STARTED, ACTIVATED, RENEWED, GRACE_STARTED, LAPSE, REACTIVATED = range(len(EVENTS))
SWITCHERS = ("user", "system", "support")
USER, SYSTEM, SUPPORT = range(len(SWITCHERS))
DECLINES = ("insufficient_funds", "do_not_honor", "limit_exceeded", "expired_card")
EXPIRED = 3
PROMOS = ("SPRING", "FIRST", "KINO50", "NEWYEAR")


def subscriptions(world: World, contracts: Contracts) -> Log:
    """Build the log of subscription events."""
    periods, outcome = contracts.periods, contracts.outcome
    begins = np.where(
        periods.number == 0,
        TRIAL_STARTED,
        np.where(periods.number > 1, RENEWED, np.where(_is_reactivation(periods), REACTIVATED, ACTIVATED)),
    )
    failed = np.flatnonzero(outcome.step > 0)
    ended = np.flatnonzero(outcome.ended > 0)
    rows = np.concatenate([np.arange(len(periods)), failed, ended])
    kind = np.concatenate([begins, np.full(len(failed), GRACE_STARTED), np.full(len(ended), LAPSE)])
    at = np.concatenate([periods.start, periods.end[failed], outcome.ended[ended]])
    # The start of a trial shows the announced price, because the charged price depends on later events.
    price = np.where(periods.kind == PAID, periods.price, outcome.announced)
    due = np.concatenate([price, outcome.due[failed], outcome.due[ended]])
    order = sort_before(at, world.window.end)
    rows, kind, at, due = rows[order], kind[order], at[order], due[order]
    received_at = at + draw_delays(world.streams.substreams("subscriptions known"), len(at))
    fields: Fields = {
        "number": np.arange(len(at)), "user": periods.user[rows], "subscription": periods.subscription[rows],
        "kind": kind, "at": at, "months": periods.months[rows], "price": due, "promo_until": periods.promo_until[rows],
        "trial_kind": periods.trial_kind[rows], "trial_until": periods.trial_until[rows], "received_at": received_at,
    }  # fmt: skip
    return Log("subscriptions.csv.gz", received_at, fields, _subscription_texts, "price")


def _is_reactivation(periods: Periods) -> Flags:
    """Mask of the periods whose subscription is a return without a trial."""
    return np.asarray(periods.returner & (periods.trial_kind < 0))


def _subscription_texts(rows: Fields) -> Texts:
    codes = np.where(rows["promo_until"] > 0, rows["user"] % len(PROMOS), -1)
    plans = list(tariffs.PLANS)
    return {
        "event_id": text.prefixed_number("e", rows["number"], 8),
        "user_id": text.user_id(rows["user"]),
        "subscription_id": text.prefixed_number("s", rows["subscription"], 7),
        "event_type": text.look_up(EVENTS, rows["kind"]),
        "event_at": text.iso_time(rows["at"]),
        "plan": text.look_up(list(tariffs.PLANS.values()), np.searchsorted(plans, rows["months"])),
        "period_months": text.to_text(rows["months"]),
        "price": text.to_text(rows["price"]),
        "promo_code": text.look_up(PROMOS, codes),
        "promo_until": text.iso_time(rows["promo_until"]),
        "trial_kind": text.look_up(TRIAL_KINDS, rows["trial_kind"]),
        "trial_until": text.iso_time(rows["trial_until"]),
        "reported_at": text.iso_time(rows["received_at"]),
    }


def payments(world: World, contracts: Contracts) -> Log:
    """Build the log of charge attempts: one successful per paid period, and the declined attempts before it."""
    periods, outcome = contracts.periods, contracts.outcome
    paid = np.flatnonzero(periods.kind == PAID)
    attempt, failed = _declined(outcome.step)
    rows = np.concatenate([paid, failed])
    succeeded = np.arange(len(rows)) < len(paid)
    number = np.concatenate([periods.step[paid], attempt])
    due = np.concatenate([periods.start[paid], periods.end[failed]])
    at = due + np.where(succeeded, 0, paid_after(number))
    order = sort_before(at, world.window.end)
    rows, succeeded, number, due, at = rows[order], succeeded[order], number[order], due[order], at[order]
    until = np.where(succeeded, periods.end[rows], due + tariffs.duration(periods.months[rows]))
    codes = choose(world.streams.generator("declines"), [0.7, 0.2, 0.1], len(rows))
    code = np.where(succeeded, -1, np.where(outcome.by_card[rows], EXPIRED, codes))
    amount: Floats = np.where(succeeded, periods.price[rows], outcome.due[rows])
    received_at = at + draw_delays(world.streams.substreams("payments known"), len(at))
    method = world.people.method[periods.user[rows]]
    fields: Fields = {
        "number": np.arange(len(at)), "user": periods.user[rows], "subscription": periods.subscription[rows],
        "attempt": number + 1, "at": at, "succeeded": succeeded.astype(np.int64), "amount": amount, "method": method,
        "card_until": np.where(method == CARD, periods.card_until[rows] - DAY, 0), "code": code, "start": due,
        "until": until, "received_at": received_at,
    }  # fmt: skip
    return Log("payments.csv.gz", received_at, fields, _payment_texts, "amount")


def _declined(step: Ints) -> tuple[Ints, Ints]:
    """Attempt numbers (0 for the first) of all declined attempts, and their rows."""
    attempts = np.minimum(step, len(RETRIES) + 1)
    rows = np.repeat(np.arange(len(step)), attempts)
    first = np.cumsum(attempts) - attempts
    return np.arange(len(rows)) - np.repeat(first, attempts), rows


def _payment_texts(rows: Fields) -> Texts:
    return {
        "payment_id": text.prefixed_number("p", rows["number"], 8),
        "user_id": text.user_id(rows["user"]),
        "subscription_id": text.prefixed_number("s", rows["subscription"], 7),
        "attempt_no": text.to_text(rows["attempt"]),
        "attempted_at": text.iso_time(rows["at"]),
        "status": text.look_up(("failed", "succeeded"), rows["succeeded"]),
        "amount": text.to_text(rows["amount"]),
        "currency": text.constant("RUB", len(rows["at"])),
        "method": text.look_up(METHODS, rows["method"]),
        "card_expires_on": text.local_date(rows["card_until"]),
        "decline_code": text.look_up(DECLINES, rows["code"]),
        "period_start": text.iso_time(rows["start"]),
        "period_end": text.iso_time(rows["until"]),
        "reported_at": text.iso_time(rows["received_at"]),
    }


def switches(world: World, contracts: Contracts) -> Log:
    """Build the log of switches of automatic renewal."""
    periods, decision, outcome = contracts.periods, contracts.decision, contracts.outcome
    begun = np.flatnonzero((periods.kind == AUTO) | ((periods.number == 1) & (periods.trial_kind != AUTO)))
    clicked = np.flatnonzero((decision.clicked > 0) & (periods.kind != OPT_IN))
    undone = np.flatnonzero(decision.undone > 0)
    exhausted = np.flatnonzero(outcome.step == LAPSED)
    helped = world.streams.generator("support").random(len(periods))[undone] < 0.2
    rows = np.concatenate([begun, clicked, undone, exhausted])
    at = np.concatenate(
        [periods.start[begun], decision.clicked[clicked], decision.undone[undone], outcome.ended[exhausted]]
    )
    on = np.repeat([1, 0, 1, 0], [len(begun), len(clicked), len(undone), len(exhausted)])
    by = np.concatenate(
        [
            np.full(len(begun), SYSTEM),
            np.full(len(clicked), USER),
            np.where(helped, SUPPORT, USER),
            np.full(len(exhausted), SYSTEM),
        ]
    )
    order = sort_before(at, world.window.end)
    rows, at, on, by = rows[order], at[order], on[order], by[order]
    received_at = at + draw_delays(world.streams.substreams("switches known"), len(at))
    fields: Fields = {
        "number": np.arange(len(at)), "user": periods.user[rows], "subscription": periods.subscription[rows], "at": at,
        "on": on, "by": by, "received_at": received_at,
    }  # fmt: skip
    return Log("auto_renew.csv.gz", received_at, fields, _switch_texts, "auto_renew")


def _switch_texts(rows: Fields) -> Texts:
    return {
        "switch_id": text.prefixed_number("w", rows["number"], 8),
        "user_id": text.user_id(rows["user"]),
        "subscription_id": text.prefixed_number("s", rows["subscription"], 7),
        "switched_at": text.iso_time(rows["at"]),
        "auto_renew": text.to_text(rows["on"]),
        "switched_by": text.look_up(SWITCHERS, rows["by"]),
        "reported_at": text.iso_time(rows["received_at"]),
    }

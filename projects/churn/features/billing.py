"""Features of billing: access, renewal, price and payment."""

from features import Feature
from projects.churn.features.feature_functions import (
    PAYMENT,
    PRICE,
    RENEWAL,
    TERM,
    days_since,
    feature,
    per_window,
    where,
)

NO_EVENT = "no event of a subscription is known"
MEMBER = "never null on trial and paid"
NOT_PAID = "not within a paid period"
NOT_TRIAL = "not on trial"


def _contract(measure: str, unit: str, null: str, reason: str, description: str) -> Feature:
    return Feature("contract", "value", unit, null, reason, description, measure=measure)


CONTRACT = (
    _contract("days_to_end", "days", MEMBER, RENEWAL, "days until access ends"),
    _contract("tenure_days", "days", NOT_PAID, TERM, "days of paid access without a break"),
    _contract("days_since_first_access", "days", MEMBER, TERM, "days since the first access"),
    _contract("earlier_lapses", "lapses", MEMBER, TERM, "times that paid access ended before"),
    _contract("auto_renew", "1 on, 0 off", "no switch is known", RENEWAL, "auto-renewal, 1 on and 0 off"),
    _contract("days_since_switched_off", "days", "auto-renewal is on, or not the subscriber switched it off", RENEWAL,
              "days since auto-renewal was switched off"),
    _contract("promo", "1 yes, 0 no", "never null", PRICE, "a promotion's price holds, 1 yes and 0 no"),
    _contract("days_to_promo_end", "days", "no promotion holds", PRICE, "days until the promotion ends"),
    _contract("trial_age", "days", NOT_TRIAL, RENEWAL, "days since the trial began"),
    _contract("trial_length", "days", NOT_TRIAL, TERM, "days that the trial lasts"),
    _contract("trial_auto_charging", "1 yes, 0 no", NOT_TRIAL, RENEWAL, "the trial ends with a charge, 1 yes and 0 no"),
)  # fmt: skip

LAPSED = where("lapses", "event_type = 'lapsed'")
TRIALS = where("trials", "event_type = 'trial_started'")
SUBSCRIPTION = (
    feature("subscriptions", "last", "rubles", PRICE, "rubles due a month", NO_EVENT, measure="monthly_price"),
    feature("subscriptions", "first", "rubles", PRICE, "rubles due a month at the very beginning", NO_EVENT,
       measure="monthly_price"),
    feature("subscriptions", "state", "1 yes, 0 no", PRICE, "subscription begun with a promotion, 1 yes and 0 no",
            NO_EVENT,
       measure="promoted"),
    feature("subscriptions", "last", "months", TERM, "months that one charge pays for", NO_EVENT,
            measure="period_months"),
    feature("subscriptions", "distinct", "subscriptions", TERM, "subscriptions ever begun", measure="subscription_id"),
    feature("subscriptions", "count", "trials", TERM, "trials ever begun", **TRIALS),
    days_since("subscriptions", TERM, "a trial began", "never had a trial", **TRIALS),
    *per_window("subscriptions", "count", (180, 365), "renewals", TERM, "renewals",
          **where("renewals", "event_type = 'renewed'")),
    days_since("subscriptions", TERM, "access lapsed", "access never lapsed", **LAPSED),
    days_since("subscriptions", TERM, "coming back with a purchase", "never came back with a purchase",
          **where("returns", "event_type = 'reactivated'")),
    *per_window("subscriptions", "count", (365,), "times", PAYMENT,
                "times that access hung on a charge to be tried again",
          **where("graces", "event_type = 'grace_started'")),
    feature("subscriptions", "state", "1 yes, 0 no", RENEWAL,
            "begun with a trial that charges by itself, 1 yes and 0 no",
       "the subscription began without a trial", measure="auto_charging"),
)  # fmt: skip

OFF = where("switched_off", "auto_renew = 0 and switched_by = 'user'")
ON_AGAIN = where("switched_on_again", "auto_renew = 1 and switched_by in ('user', 'support')")
SWITCHES = (
    feature("auto_renew", "count", "clicks", RENEWAL, "times that auto-renewal was switched off by hand", **OFF),
    *per_window("auto_renew", "count", (30,), "clicks", RENEWAL, "times that auto-renewal was switched off by hand",
          **OFF),
    days_since("auto_renew", RENEWAL, "auto-renewal was last switched off by hand", "never switched it off", **OFF),
    feature("auto_renew", "count", "clicks", RENEWAL, "times that auto-renewal was switched on again", **ON_AGAIN),
    days_since("auto_renew", RENEWAL, "auto-renewal was switched on again", "never switched it on again", **ON_AGAIN),
    feature("auto_renew", "count", "times", RENEWAL, "times that support switched auto-renewal",
       **where("by_support", "switched_by = 'support'")),
    feature("auto_renew", "count", "times", PAYMENT, "times that auto-renewal was switched off after failed charges",
       **where("given_up", "auto_renew = 0 and switched_by = 'system'")),
)  # fmt: skip

FAILED = where("failures", "status = 'failed'")
PAID = where("paid", "status = 'succeeded'")
RECOVERED = where("recovered", "status = 'succeeded' and attempt_no > 1")
NOTHING_PAID = "has not paid yet"
UNCHARGED = "nothing was charged yet"


def _declined(code: str, phrase: str) -> tuple[Feature, ...]:
    return per_window("payments", "count", (365,), "charges", PAYMENT, f"charges that failed as {phrase}",
                private=True, **where(code, f"decline_code = '{code}'"))  # fmt: skip


def _method(method: str, phrase: str) -> Feature:
    return feature("payments", "state", "1 yes, 0 no", PAYMENT, f"pays by {phrase}, 1 yes and 0 no", UNCHARGED,
              measure=f"by_{method}")  # fmt: skip


PAYMENTS = (
    *per_window("payments", "count", (7, 30, 90, 365), "charges", PAYMENT, "failed charges", **FAILED),
    *per_window("payments", "share", (365,), "share", PAYMENT, "share of charges that failed",
          null="nothing was charged in that time", **FAILED),
    days_since("payments", PAYMENT, "a charge failed", "none ever failed", **FAILED),
    *_declined("insufficient_funds", "there was too little money"),
    *_declined("do_not_honor", "the bank declined without a reason"),
    *_declined("limit_exceeded", "a limit was exceeded"),
    *_declined("expired_card", "the card had expired"),
    *per_window("payments", "count", (90, 365), "charges", PAYMENT, "charges that only a later attempt brought in",
          **RECOVERED),
    days_since("payments", PAYMENT, "a later attempt brought a charge in", "none was ever needed", **RECOVERED),
    feature("payments", "state", "attempt", PAYMENT, "number of the last attempt to charge, 1 for the first", UNCHARGED,
       measure="attempt_no"),
    feature("payments", "days_until", "days", PAYMENT, "days until the card expires",
            "the last charge was not to a card",
       measure="card_expires_on"),
    _method("card", "card"),
    _method("sbp", "bank transfer"),
    _method("mobile", "phone bill"),
    _method("store", "app store"),
    feature("payments", "last", "rubles", PRICE, "rubles of the last payment", NOTHING_PAID, measure="amount", **PAID),
    *per_window("payments", "sum", (90, 365), "rubles", PRICE, "rubles paid", measure="amount", **PAID),
    days_since("payments", TERM, "the last payment", NOTHING_PAID, **PAID),
)  # fmt: skip

FEATURES = (*CONTRACT, *SUBSCRIPTION, *SWITCHES, *PAYMENTS)

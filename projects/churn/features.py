"""What was known about a subscriber on a morning. Trials are told by 1 to 14 days, paid ones by 7 to 90."""

from typing import Any

from features import ALL, Feature

ENDING = "Access is about to end"
RENEWAL = "Auto-renewal is off, or was switched off before"
TERM = "How long and how steadily subscribed"
PRICE = "Price, and the end of a promotion"
PAYMENT = "Payments fail, or the card expires"
SILENCE = "Has not watched for a while"
LITTLE = "Watches little"
FADING = "Watches less than before, or less of what was begun"
LEAVING = "Looks at tariffs, cancelling or help with payment"
ACTIVITY = "How the site and the apps are used"
MESSAGES = "How our messages are received"
HOME = "Household and screens"
SEASON = "Season"

NO_EVENT = "no event of a subscription is known"
NEVER = "never null: none is 0"
NOT_PAID = "not within a paid period"
NOT_TRIAL = "not on trial"


def _contract(measure: str, unit: str, null: str, reason: str, description: str) -> Feature:
    return Feature("contract", "value", unit, null, reason, description, measure=measure)


def _calendar(measure: str, unit: str, description: str) -> Feature:
    return Feature("calendar", "value", unit, "never null", SEASON, description, measure=measure)


def _of(
    source: str, aggregation: str, unit: str, reason: str, description: str, null: str = NEVER, **rest: Any
) -> Feature:
    return Feature(source, aggregation, unit, null, reason, description, **rest)  # type: ignore[arg-type]


def _over(
    source: str, aggregation: str, windows: tuple[int, ...], unit: str, reason: str, said: str, **rest: Any
) -> tuple[Feature, ...]:
    """One feature a window."""
    return tuple(
        _of(source, aggregation, unit, reason, f"{said} in the last {_days(window)}", window=window, **rest)
        for window in windows
    )


def _days(window: int) -> str:
    return "day" if window == 1 else f"{window} days"


CONTRACT = (
    _contract("days_to_end", "days", "never null on trial and paid", ENDING, "days until access ends"),
    _contract("tenure_days", "days", NOT_PAID, TERM, "days of paid access without a break"),
    _contract("days_since_first_access", "days", "never null on trial and paid", TERM, "days since the first access"),
    _contract("earlier_lapses", "lapses", "never null on trial and paid", TERM, "times that paid access ended before"),
    _contract("auto_renew", "1 on, 0 off", "no switch is known", RENEWAL, "auto-renewal, 1 on and 0 off"),
    _contract("days_since_switched_off", "days", "auto-renewal is on, or not the subscriber switched it off", RENEWAL,
              "days since auto-renewal was switched off"),
    _contract("promo", "1 yes, 0 no", "never null", PRICE, "a promotion's price holds, 1 yes and 0 no"),
    _contract("days_to_promo_end", "days", "no promotion holds", PRICE, "days until the promotion ends"),
    _contract("trial_age", "days", NOT_TRIAL, ENDING, "days since the trial began"),
    _contract("trial_length", "days", NOT_TRIAL, TERM, "days that the trial lasts"),
    _contract("trial_auto_charging", "1 yes, 0 no", NOT_TRIAL, RENEWAL, "the trial ends with a charge, 1 yes and 0 no"),
)  # fmt: skip

SUBSCRIPTION = (
    _of("subscriptions", "last", "rubles", PRICE, "rubles due a month", NO_EVENT,
        measure="monthly_price"),
    _of("subscriptions", "last", "months", TERM, "months that one charge pays for", NO_EVENT,
        measure="period_months"),
    _of("auto_renew", "count", "clicks", RENEWAL, "times that auto-renewal was switched off by hand", window=ALL,
        where="auto_renew = 0 and switched_by = 'user'", what="switched_off"),
)  # fmt: skip

FAILED = {"where": "status = 'failed'", "what": "failures"}
PAYMENTS = (
    *_over("payments", "count", (7, 30, 90), "charges", PAYMENT, "failed charges", **FAILED),
    _of("payments", "days_since_last", "days", PAYMENT, "days since a charge failed", "none ever failed", **FAILED),
    _of("payments", "days_until", "days", PAYMENT, "days until the card expires", "the last charge was not to a card",
        measure="card_expires_on"),
    _of("payments", "last", "rubles", PRICE, "rubles of the last payment", "has not paid yet", measure="amount",
        where="status = 'succeeded'", what="paid"),
)  # fmt: skip

PLAYED = "nothing was played in that time"
VIEWING = (
    *_over("viewing", "sum", (1, 7, 14, 30, 90), "minutes", LITTLE, "minutes watched", measure="minutes"),
    *_over("viewing", "active_days", (3, 7, 14, 30, 90), "days", LITTLE, "days with viewing"),
    *_over("viewing", "distinct", (30,), "titles", LITTLE, "different titles watched", measure="title_id"),
    *_over("viewing", "mean", (30,), "share", FADING, "share of a title watched, on average", measure="completion",
           null=PLAYED),
    *_over("viewing", "stddev", (30,), "minutes", FADING, "spread of the minutes per title", measure="minutes",
           null="fewer than two titles were played in that time"),
    _of("viewing", "ratio", "share", FADING, "of the last 30 days' minutes, share in the last 7", PLAYED,
        measure="minutes", window=7, against=30),
    _of("viewing", "ratio", "share", FADING, "of the last 90 days' minutes, share in the last 30", PLAYED,
        measure="minutes", window=30, against=90),
    _of("viewing", "days_since_last", "days", SILENCE, "days since anything was watched", "never watched anything"),
    *_over("viewing", "count", (30,), "failures", ACTIVITY, "times that playing failed",
           where="event = 'play_failed'", what="failures"),
    *_over("viewing", "share", (30,), "share", HOME, "share of minutes on a TV", measure="minutes", null=PLAYED,
           where="device_type = 'tv'", what="tv"),
    *_over("viewing", "distinct", (30,), "profiles", HOME, "profiles that watched", measure="profile_no"),
)  # fmt: skip

TARIFFS = {"where": "url like '%/tariffs%'", "what": "tariffs"}
CANCEL = {"where": "url like '%/account/cancel%'", "what": "cancel"}
HELP = {"where": "url like '%/help/payment%'", "what": "help"}
WEB = (
    *_over("hits", "count", (7, 30), "pages", LEAVING, "views of the page of tariffs", **TARIFFS),
    *_over("hits", "count", (7, 30), "pages", LEAVING, "views of the page for cancelling", **CANCEL),
    *_over("hits", "count", (30,), "pages", LEAVING, "views of help with payment", **HELP),
    *_over("visits", "count", (7, 30), "visits", ACTIVITY, "visits to the site"),
    *_over("visits", "sum", (30,), "minutes", ACTIVITY, "minutes on the site", measure="minutes"),
)

APPS = (
    *_over("app_sessions", "count", (7,), "sessions", ACTIVITY, "sessions in the apps"),
    *_over("app_sessions", "active_days", (30,), "days", ACTIVITY, "days in the apps"),
    _of("app_sessions", "days_since_last", "days", ACTIVITY, "days since the apps were used", "never used an app"),
    *_over("app_events", "count", (14,), "searches", ACTIVITY, "searches in the apps",
           where="event_name = 'search'", what="search"),
    *_over("app_events", "count", (14,), "titles", ACTIVITY, "titles looked at in the apps",
           where="event_name in ('title_open', 'title_card_open')", what="title_open"),
    *_over("app_events", "count", (14,), "views", LEAVING, "views of the offer to pay in the apps",
           where="event_name = 'paywall_view'", what="paywall"),
    *_over("app_events", "count", (7, 30), "views", LEAVING, "views of cancelling in the apps",
           where="event_name = 'cancel_view'", what="cancel"),
)  # fmt: skip

OPENED = {"where": "action = 'open'", "what": "opens"}
MAIL = (
    *_over("messages", "count", (30,), "messages", MESSAGES, "messages sent", where="action = 'send'", what="sends"),
    *_over("messages", "count", (30,), "messages", MESSAGES, "messages opened", **OPENED),
    *_over("messages", "count", (90,), "times", MESSAGES, "times unsubscribed", where="action = 'unsubscribe'",
           what="unsubscribes"),
    _of("messages", "days_since_last", "days", MESSAGES, "days since a message was opened", "never opened a message",
        **OPENED),
)  # fmt: skip

UNTOLD = "the profile does not tell"
PROFILE = (
    _of("profiles", "last", "people", HOME, "people behind the account", UNTOLD, measure="household_size"),
    _of("profiles", "last", "1 yes, 0 no", HOME, "a child's profile, 1 yes and 0 no", UNTOLD,
        measure="has_kids_profile"),
    _of("profiles", "last", "1 yes, 0 no", MESSAGES, "accepts e-mail, 1 yes and 0 no", UNTOLD, measure="accepts_email"),
    _of("profiles", "last", "1 yes, 0 no", MESSAGES, "accepts push, 1 yes and 0 no", UNTOLD, measure="accepts_push"),
)  # fmt: skip

CALENDAR = (
    _calendar("year_cosine", "-1 summer to 1 winter", "season, 1 midwinter to -1 midsummer"),
    _calendar("days_to_new_year", "days", "days until New Year"),
)

FEATURES = (*CONTRACT, *SUBSCRIPTION, *PAYMENTS, *VIEWING, *WEB, *APPS, *MAIL, *PROFILE, *CALENDAR)

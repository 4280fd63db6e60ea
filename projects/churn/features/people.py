"""The account, its devices, and the time of the year."""

from features import Feature
from projects.churn.features.declare import MESSAGES, SETTING, of, over, since, where

UNTOLD = "the profile does not tell"
PROFILE = (
    of("profiles", "last", "people", SETTING, "people behind the account", UNTOLD, measure="household_size",
       private=True),
    of("profiles", "last", "1 yes, 0 no", SETTING, "a child's profile, 1 yes and 0 no", UNTOLD,
       measure="has_kids_profile", private=True),
    of("profiles", "state", "1 yes, 0 no", SETTING, "lives in Moscow or Saint Petersburg, 1 yes and 0 no", UNTOLD,
       measure="in_a_capital", private=True),
    of("profiles", "last", "1 yes, 0 no", MESSAGES, "accepts e-mail, 1 yes and 0 no", UNTOLD, measure="accepts_email"),
    of("profiles", "last", "1 yes, 0 no", MESSAGES, "accepts push, 1 yes and 0 no", UNTOLD, measure="accepts_push"),
    since("profiles", SETTING, "the account's data changed, or were first given", UNTOLD),
    of("profiles", "count", "versions", SETTING, "versions of the account's data"),
)  # fmt: skip

BROWSERS = where("browsers", "kind = 'ym_client'")
APPS = where("apps", "kind = 'appmetrica_device'")
LOGINS = (
    of("identity_links", "distinct", "ids", SETTING, "browsers and devices ever logged in on", measure="anonymous_id"),
    of("identity_links", "count", "logins", SETTING, "logins ever in a browser", **BROWSERS),
    of("identity_links", "count", "logins", SETTING, "logins ever in an app", **APPS),
    *over("identity_links", "count", (90,), "logins", SETTING, "logins on any device"),
    since("identity_links", SETTING, "the last login", "never logged in on a device that we know"),
)  # fmt: skip


def _calendar(measure: str, unit: str, description: str) -> Feature:
    return Feature("calendar", "value", unit, "never null", SETTING, description, measure=measure)


CALENDAR = (
    _calendar("year_cosine", "-1 summer to 1 winter", "season, 1 midwinter to -1 midsummer"),
    _calendar("year_sine", "-1 autumn to 1 spring", "season, 1 early spring to -1 early autumn"),
    _calendar("days_to_new_year", "days", "days until New Year"),
)

FEATURES = (*PROFILE, *LOGINS, *CALENDAR)

"""Features of the account, its devices, and the time of the year."""

from features import Feature
from projects.churn.features.feature_functions import MESSAGES, SETTING, days_since, feature, per_window, where

NOT_GIVEN = "the profile does not tell"
PROFILE = (
    feature("profiles", "last", "people", SETTING, "people behind the account", NOT_GIVEN, measure="household_size",
       private=True),
    feature("profiles", "last", "1 yes, 0 no", SETTING, "a child's profile, 1 yes and 0 no", NOT_GIVEN,
       measure="has_kids_profile", private=True),
    feature("profiles", "state", "1 yes, 0 no", SETTING, "lives in Moscow or Saint Petersburg, 1 yes and 0 no",
            NOT_GIVEN,
       measure="in_a_capital", private=True),
    feature("profiles", "last", "1 yes, 0 no", MESSAGES, "accepts e-mail, 1 yes and 0 no", NOT_GIVEN,
            measure="accepts_email"),
    feature("profiles", "last", "1 yes, 0 no", MESSAGES, "accepts push, 1 yes and 0 no", NOT_GIVEN,
            measure="accepts_push"),
    feature("profiles", "last", "1 yes, 0 no", MESSAGES, "accepts SMS, 1 yes and 0 no", NOT_GIVEN,
            measure="accepts_sms"),
    days_since("profiles", SETTING, "the account's data changed, or were first given", NOT_GIVEN),
    feature("profiles", "count", "versions", SETTING, "versions of the account's data"),
)  # fmt: skip

BROWSERS = where("browsers", "kind = 'ym_client'")
APPS = where("apps", "kind = 'appmetrica_device'")
LOGINS = (
    feature("identity_links", "distinct", "ids", SETTING, "browsers and devices ever logged in on",
            measure="anonymous_id"),
    feature("identity_links", "count", "logins", SETTING, "logins ever in a browser", **BROWSERS),
    feature("identity_links", "count", "logins", SETTING, "logins ever in an app", **APPS),
    *per_window("identity_links", "count", (90,), "logins", SETTING, "logins on any device"),
    days_since("identity_links", SETTING, "the last login", "never logged in on a device that we know"),
)  # fmt: skip


def _calendar(measure: str, unit: str, description: str) -> Feature:
    return Feature("calendar", "value", unit, "never null", SETTING, description, measure=measure)


CALENDAR = (
    _calendar("year_cosine", "-1 summer to 1 winter", "season, 1 midwinter to -1 midsummer"),
    _calendar("year_sine", "-1 autumn to 1 spring", "season, 1 early spring to -1 early autumn"),
    _calendar("days_to_new_year", "days", "days until New Year"),
)

FEATURES = (*PROFILE, *LOGINS, *CALENDAR)

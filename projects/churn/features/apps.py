"""Features of the use of the apps."""

from projects.churn.features.feature_functions import (
    ACTIVITY,
    LEAVING,
    MESSAGES,
    SETTING,
    days_since,
    feature,
    per_window,
    recent_share,
    where,
)

UNUSED = "never used an app"
NO_SESSION = "no session in that time"
SESSIONS = (
    *per_window("app_sessions", "count", (1, 3, 7, 14, 30, 90), "sessions", ACTIVITY, "sessions in the apps"),
    *per_window("app_sessions", "active_days", (30,), "days", ACTIVITY, "days in the apps"),
    recent_share("app_sessions", (7, 14), ACTIVITY, "sessions in the apps", NO_SESSION),
    recent_share("app_sessions", (30, 60), ACTIVITY, "sessions in the apps", NO_SESSION),
    feature("app_sessions", "trend", "sessions a day per day", ACTIVITY,
       "change of the sessions in the apps from one day to the next over the last 30 days", window=30),
    days_since("app_sessions", ACTIVITY, "the apps were used", UNUSED),
    *per_window("app_sessions", "interval_mean", (90,), "days", ACTIVITY,
          "days from one day in the apps to the next, on average", null="used on fewer than two days in that time"),
    *per_window("app_sessions", "distinct", (30,), "devices", SETTING, "devices with the app", measure="device_id"),
    *per_window("app_sessions", "share", (30,), "share", SETTING, "share of sessions in the app of a TV",
                null=NO_SESSION,
          **where("tv", "device_type = 'tv'")),
)  # fmt: skip

SEARCH = where("search", "event_name = 'search'")
TITLE_OPEN = where("title_open", "event_name in ('title_open', 'title_card_open')")
PAYWALL = where("paywall", "event_name = 'paywall_view'")
CANCEL = where("cancel", "event_name = 'cancel_view'")
PUSHED = where("push_open", "event_name = 'push_open'")
EVENTS = (
    *per_window("app_events", "count", (3, 14, 30), "searches", ACTIVITY, "searches in the apps", **SEARCH),
    days_since("app_events", ACTIVITY, "searching in the apps", "never searched there", **SEARCH),
    *per_window("app_events", "count", (90,), "searches", ACTIVITY, "searches in the apps that found nothing",
          **where("found_nothing", "event_name = 'search' and get_json_object(event_json, '$.results') = '0'")),
    *per_window("app_events", "count", (3, 14, 30), "titles", ACTIVITY, "titles looked at in the apps", **TITLE_OPEN),
    recent_share("app_events", (7, 30), ACTIVITY, "titles looked at in the apps", "none was looked at in that time",
         **TITLE_OPEN),
    days_since("app_events", ACTIVITY, "a title was looked at in the apps", "never looked at one", **TITLE_OPEN),
    *per_window("app_events", "count", (14, 30), "views", LEAVING, "views of the offer to pay in the apps", **PAYWALL),
    days_since("app_events", LEAVING, "the offer to pay was seen in the apps", "never saw it", **PAYWALL),
    *per_window("app_events", "count", (7, 30, 90), "views", LEAVING, "views of cancelling in the apps", **CANCEL),
    days_since("app_events", LEAVING, "cancelling was seen in the apps", "never saw it", **CANCEL),
    *per_window("app_events", "count", (90,), "times", MESSAGES, "times that an app was opened from a push", **PUSHED),
    days_since("app_events", MESSAGES, "an app was opened from a push", "never opened one so", **PUSHED),
    *per_window("app_events", "count", (30,), "times", SETTING,
          "times that the mode for children was switched on in the apps", private=True,
          **where("kids_mode", "event_name = 'kids_mode'")),
)  # fmt: skip

FEATURES = (*SESSIONS, *EVENTS)

"""Features of viewing: amount, change, completion, time of day and devices."""

from features import Feature
from projects.churn.features.feature_functions import (
    ACTIVITY,
    FADING,
    LITTLE,
    SETTING,
    days_since,
    feature,
    per_window,
    recent_share,
    where,
)

PLAYED = "nothing was played in that time"
BEGUN = "never watched anything"
#: Saturday and Sunday; 1970-01-01 was a Thursday.
WEEKEND = "(datediff(to_date(happened_at), date'1970-01-01') + 3) % 7 >= 5"


def _trend(window: int, unit: str, phrase: str, **rest: str) -> Feature:
    text = f"change of the {phrase} from one day to the next over the last {window} days"
    return feature("viewing", "trend", f"{unit} a day per day", FADING, text, window=window, **rest)


AMOUNT = (
    *per_window("viewing", "sum", (1, 3, 7, 14, 30, 90), "minutes", LITTLE, "minutes watched", measure="minutes"),
    *per_window("viewing", "active_days", (3, 7, 14, 30, 90), "days", LITTLE, "days with viewing"),
    *per_window("viewing", "count", (7, 30), "plays", LITTLE, "plays"),
    *per_window("viewing", "distinct", (7, 30, 90), "titles", LITTLE, "different titles watched", measure="title_id"),
)  # fmt: skip

CHANGE = (
    recent_share("viewing", (7, 14), FADING, "minutes", PLAYED, measure="minutes"),
    recent_share("viewing", (7, 30), FADING, "minutes", PLAYED, measure="minutes"),
    recent_share("viewing", (30, 60), FADING, "minutes", PLAYED, measure="minutes"),
    recent_share("viewing", (30, 90), FADING, "minutes", PLAYED, measure="minutes"),
    *(_trend(window, "minutes", "minutes watched", measure="minutes") for window in (14, 30, 90)),
    _trend(30, "plays", "number of plays"),
    *per_window("viewing", "stddev", (30,), "minutes", FADING, "spread of the minutes per title", measure="minutes",
          null="fewer than two titles were played in that time"),
)  # fmt: skip

FINISHED = where("finished", "10 * watched_s > 9 * duration_s")
LEFT_OPEN = where("unfinished_episodes", "event = 'play_finished' and season > 0 and 10 * watched_s < 9 * duration_s")
COMPLETION = (
    *per_window("viewing", "mean", (7, 30, 90), "share", FADING, "share of a title watched, on average",
                measure="completion",
          null=PLAYED),
    *per_window("viewing", "count", (7, 30, 90), "plays", FADING, "plays watched to the end", **FINISHED),
    *per_window("viewing", "count", (90,), "plays", FADING, "plays barely begun, under a tenth",
          **where("barely_begun", "event = 'play_finished' and 10 * watched_s < duration_s")),
    *per_window("viewing", "count", (30,), "plays", FADING, "plays given up in the first third",
          **where("given_up", "event = 'play_finished' and 3 * watched_s < duration_s")),
    *per_window("viewing", "count", (14, 30), "plays", FADING, "episodes of series left unfinished", **LEFT_OPEN),
)  # fmt: skip

SINCE = (
    days_since("viewing", LITTLE, "anything was watched", BEGUN),
    days_since("viewing", LITTLE, "an episode of a series was watched", "never watched a series",
          **where("series", "season > 0")),
    days_since("viewing", LITTLE, "a movie was watched", "never watched a movie", **where("movie", "season = 0")),
    days_since("viewing", LITTLE, "a play was watched to the end", "never watched one to the end", **FINISHED),
    *per_window("viewing", "interval_mean", (90,), "days", LITTLE,
                "days from one day with viewing to the next, on average",
          null="watched on fewer than two days in that time"),
    feature("viewing", "overdue", "intervals", LITTLE, "days since anything was watched, over the usual interval",
       "watched on fewer than two days"),
)  # fmt: skip


def _minutes(what: str, condition: str, reason: str, phrase: str) -> tuple[Feature, ...]:
    return per_window("viewing", "share", (30,), "share", reason, f"share of minutes {phrase}", measure="minutes",
                null=PLAYED, private=True, **where(what, condition))  # fmt: skip


HABITS = (
    *_minutes("morning", "hour(happened_at) between 5 and 11", ACTIVITY, "watched in the morning"),
    *_minutes("evening", "hour(happened_at) between 18 and 22", ACTIVITY, "watched in the evening"),
    *_minutes("night", "hour(happened_at) >= 23 or hour(happened_at) < 5", ACTIVITY, "watched at night"),
    *_minutes("weekend", WEEKEND, ACTIVITY, "watched at weekends"),
)

FAILURES = where("failures", "event = 'play_failed'")
SCREENS = (
    *per_window("viewing", "count", (7, 30), "failures", ACTIVITY, "times that playing failed", **FAILURES),
    days_since("viewing", ACTIVITY, "playing failed", "it never failed", **FAILURES),
    *_minutes("tv", "device_type = 'tv'", SETTING, "on a TV"),
    *_minutes("mobile", "device_type = 'mobile'", SETTING, "on a phone or a tablet"),
    *_minutes("web", "device_type = 'web'", SETTING, "in a browser"),
    *per_window("viewing", "distinct", (30,), "devices", SETTING, "devices watched on", measure="device_id"),
    *per_window("viewing", "distinct", (30,), "kinds", SETTING, "kinds of device watched on", measure="device_type"),
    *per_window("viewing", "distinct", (30,), "profiles", SETTING, "profiles that watched", measure="profile_no"),
)

FEATURES = (*AMOUNT, *CHANGE, *COMPLETION, *SINCE, *HABITS, *SCREENS)

"""How much is watched, how it changes, and when and on what."""

from features import Feature
from projects.churn.features.declare import ACTIVITY, FADING, LITTLE, SETTING, of, over, part, since, where

PLAYED = "nothing was played in that time"
BEGUN = "never watched anything"
#: Saturday and Sunday; 1970-01-01 was a Thursday.
WEEKEND = "(datediff(to_date(happened_at), date'1970-01-01') + 3) % 7 >= 5"


def _trend(window: int, unit: str, said: str, **rest: str) -> Feature:
    text = f"change of the {said} from one day to the next over the last {window} days"
    return of("viewing", "trend", f"{unit} a day per day", FADING, text, window=window, **rest)


AMOUNT = (
    *over("viewing", "sum", (1, 3, 7, 14, 30, 90), "minutes", LITTLE, "minutes watched", measure="minutes"),
    *over("viewing", "active_days", (3, 7, 14, 30, 90), "days", LITTLE, "days with viewing"),
    *over("viewing", "count", (7, 30), "plays", LITTLE, "plays"),
    *over("viewing", "distinct", (7, 30, 90), "titles", LITTLE, "different titles watched", measure="title_id"),
)  # fmt: skip

CHANGE = (
    part("viewing", (7, 14), FADING, "minutes", PLAYED, measure="minutes"),
    part("viewing", (7, 30), FADING, "minutes", PLAYED, measure="minutes"),
    part("viewing", (30, 60), FADING, "minutes", PLAYED, measure="minutes"),
    part("viewing", (30, 90), FADING, "minutes", PLAYED, measure="minutes"),
    *(_trend(window, "minutes", "minutes watched", measure="minutes") for window in (14, 30, 90)),
    _trend(30, "plays", "number of plays"),
    *over("viewing", "stddev", (30,), "minutes", FADING, "spread of the minutes per title", measure="minutes",
          null="fewer than two titles were played in that time"),
)  # fmt: skip

FINISHED = where("finished", "10 * watched_s > 9 * duration_s")
LEFT_OPEN = where("unfinished_episodes", "event = 'play_finished' and season > 0 and 10 * watched_s < 9 * duration_s")
COMPLETION = (
    *over("viewing", "mean", (7, 30, 90), "share", FADING, "share of a title watched, on average", measure="completion",
          null=PLAYED),
    *over("viewing", "count", (7, 30, 90), "plays", FADING, "plays watched to the end", **FINISHED),
    *over("viewing", "count", (90,), "plays", FADING, "plays barely begun, under a tenth",
          **where("barely_begun", "event = 'play_finished' and 10 * watched_s < duration_s")),
    *over("viewing", "count", (30,), "plays", FADING, "plays given up in the first third",
          **where("given_up", "event = 'play_finished' and 3 * watched_s < duration_s")),
    *over("viewing", "count", (14, 30), "plays", FADING, "episodes of series left unfinished", **LEFT_OPEN),
)  # fmt: skip

SINCE = (
    since("viewing", LITTLE, "anything was watched", BEGUN),
    since("viewing", LITTLE, "an episode of a series was watched", "never watched a series",
          **where("series", "season > 0")),
    since("viewing", LITTLE, "a movie was watched", "never watched a movie", **where("movie", "season = 0")),
    since("viewing", LITTLE, "a play was watched to the end", "never watched one to the end", **FINISHED),
    *over("viewing", "interval_mean", (90,), "days", LITTLE, "days from one day with viewing to the next, on average",
          null="watched on fewer than two days in that time"),
    of("viewing", "overdue", "intervals", LITTLE, "days since anything was watched, over the usual interval",
       "watched on fewer than two days"),
)  # fmt: skip


def _minutes(what: str, condition: str, reason: str, said: str) -> tuple[Feature, ...]:
    return over("viewing", "share", (30,), "share", reason, f"share of minutes {said}", measure="minutes",
                null=PLAYED, private=True, **where(what, condition))  # fmt: skip


HABITS = (
    *_minutes("morning", "hour(happened_at) between 5 and 11", ACTIVITY, "watched in the morning"),
    *_minutes("evening", "hour(happened_at) between 18 and 22", ACTIVITY, "watched in the evening"),
    *_minutes("night", "hour(happened_at) >= 23 or hour(happened_at) < 5", ACTIVITY, "watched at night"),
    *_minutes("weekend", WEEKEND, ACTIVITY, "watched at weekends"),
)

FAILURES = where("failures", "event = 'play_failed'")
SCREENS = (
    *over("viewing", "count", (7, 30), "failures", ACTIVITY, "times that playing failed", **FAILURES),
    since("viewing", ACTIVITY, "playing failed", "it never failed", **FAILURES),
    *_minutes("tv", "device_type = 'tv'", SETTING, "on a TV"),
    *_minutes("mobile", "device_type = 'mobile'", SETTING, "on a phone or a tablet"),
    *_minutes("web", "device_type = 'web'", SETTING, "in a browser"),
    *over("viewing", "distinct", (30,), "devices", SETTING, "devices watched on", measure="device_id"),
    *over("viewing", "distinct", (30,), "kinds", SETTING, "kinds of device watched on", measure="device_type"),
    *over("viewing", "distinct", (30,), "profiles", SETTING, "profiles that watched", measure="profile_no"),
)

FEATURES = (*AMOUNT, *CHANGE, *COMPLETION, *SINCE, *HABITS, *SCREENS)

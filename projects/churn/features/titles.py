"""Features of the watched titles and of coming releases."""

from features import Ahead, Feature
from projects.churn.features.feature_functions import (
    FADING,
    LITTLE,
    SETTING,
    days_since,
    feature,
    per_window,
    where,
)

PLAYED = "nothing was played in that time"
NEW = where("new_releases", "happened_at < released + interval 30 days")
RUNNING = where("running_series", "season > 0 and happened_at < finale")


def _share(what: str, condition: str, phrase: str, *windows: int) -> tuple[Feature, ...]:
    return per_window("viewing", "share", windows, "share", SETTING, f"share of minutes of {phrase}", measure="minutes",
                null=PLAYED, private=True, **where(what, condition))  # fmt: skip


def _genre(genre: str, phrase: str) -> tuple[Feature, ...]:
    return _share(genre, f"genre = '{genre}'", phrase, 90)


def _ahead(measure: str, window: int, day: str, days: int, phrase: str) -> Feature:
    text = f"{phrase} in the last {window} days, to come in the next {days} days"
    return feature("viewing", "ahead", "titles", SETTING, text, measure=measure, window=window,
              ahead=Ahead("catalogue", day=day, matches=measure, days=days))  # fmt: skip


TASTE = (
    *per_window("viewing", "distinct", (30, 90), "genres", LITTLE, "different genres watched", measure="genre"),
    *_genre("drama", "drama"),
    *_genre("comedy", "comedy"),
    *_genre("thriller", "thrillers"),
    *_genre("crime", "crime"),
    *_genre("fantasy", "fantasy"),
    *_genre("documentary", "documentaries"),
    *_genre("romance", "romance"),
    *_share("kids_titles", "kids_title", "children's titles", 30, 90),
    *_share("series", "season > 0", "series", 30),
)

NEWS = (
    *per_window("viewing", "count", (30, 90), "plays", LITTLE, "plays of titles not older than 30 days", **NEW),
    days_since("viewing", LITTLE, "a title not older than 30 days was watched", "never watched so new a title", **NEW),
    *per_window("viewing", "count", (14, 30), "plays", LITTLE, "plays of series before their last episode was out",
          **RUNNING),
    days_since("viewing", FADING, "a series was watched after its last episode was out", "never watched so late",
          **where("ended_series", "season > 0 and happened_at >= finale")),
)  # fmt: skip

COMING = (
    _ahead("genre", 90, "released", 7, "new titles of the genres watched"),
    _ahead("genre", 90, "released", 30, "new titles of the genres watched"),
    _ahead("title_id", 30, "finale", 30, "last episodes of the series watched"),
)

FEATURES = (*TASTE, *NEWS, *COMING)

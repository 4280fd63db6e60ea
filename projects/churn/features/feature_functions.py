"""Shared parts of the cinema's features: groups of reasons, meanings of null, and functions that declare features."""

from typing import Any

from features import Feature

RENEWAL = "Access ends soon, or auto-renewal was switched off"
TERM = "How long and how steadily subscribed"
PRICE = "Price, and the end of a promotion"
PAYMENT = "A payment did not go through, or the card expires"
LITTLE = "Watches little, or has not watched for a while"
FADING = "Watches less than before, or less of what was begun"
LEAVING = "Looked at tariffs, cancelling or help with payment"
ACTIVITY = "How the site and the apps are used"
MESSAGES = "How our messages are received"
SETTING = "Season, tastes and screens"

NEVER = "never null: none is 0"


def feature(
    source: str, aggregation: str, unit: str, reason: str, phrase: str, null: str = NEVER, **rest: Any
) -> Feature:
    """Declare one feature of a log; `phrase` is its description, `rest` holds further arguments of `Feature`."""
    return Feature(source, aggregation, unit, null, reason, phrase, **rest)  # type: ignore[arg-type]


def per_window(
    source: str, aggregation: str, windows: tuple[int, ...], unit: str, reason: str, phrase: str, **rest: Any
) -> tuple[Feature, ...]:
    """Declare one feature per window of days; the window is appended to the description."""
    return tuple(
        feature(source, aggregation, unit, reason, f"{phrase} in the last {_days(window)}", window=window, **rest)
        for window in windows
    )


def days_since(source: str, reason: str, phrase: str, null: str, **rest: Any) -> Feature:
    """Declare the days since the last row, or since the last row that meets the condition in `rest`."""
    return feature(source, "days_since_last", "days", reason, f"days since {phrase}", null, **rest)


def recent_share(source: str, windows: tuple[int, int], reason: str, phrase: str, null: str, **rest: Any) -> Feature:
    """Declare the share of a long window that falls into its last, short window; `windows` is (short, long) in days."""
    short, long = windows
    text = f"of the last {_days(long)}' {phrase}, share in the last {short}"
    return feature(source, "ratio", "share", reason, text, null, window=short, against=long, **rest)


def where(what: str, condition: str) -> dict[str, str]:
    """Restrict a feature to the rows that meet an SQL condition; `what` names these rows in the feature's name."""
    return {"what": what, "where": condition}


def _days(window: int) -> str:
    return "day" if window == 1 else f"{window} days"

"""The words that the cinema's features share: groups of reasons, meanings of null, short ways to declare."""

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


def of(source: str, aggregation: str, unit: str, reason: str, said: str, null: str = NEVER, **rest: Any) -> Feature:
    """One feature of a log, by the words it is declared with."""
    return Feature(source, aggregation, unit, null, reason, said, **rest)  # type: ignore[arg-type]


def over(
    source: str, aggregation: str, windows: tuple[int, ...], unit: str, reason: str, said: str, **rest: Any
) -> tuple[Feature, ...]:
    """One feature a window, which ends the description."""
    return tuple(
        of(source, aggregation, unit, reason, f"{said} in the last {_days(window)}", window=window, **rest)
        for window in windows
    )


def since(source: str, reason: str, said: str, null: str, **rest: Any) -> Feature:
    """Days since the last row, or the last of a condition."""
    return of(source, "days_since_last", "days", reason, f"days since {said}", null, **rest)


def part(source: str, windows: tuple[int, int], reason: str, said: str, null: str, **rest: Any) -> Feature:
    """How much of a window falls into its last days."""
    short, long = windows
    text = f"of the last {_days(long)}' {said}, share in the last {short}"
    return of(source, "ratio", "share", reason, text, null, window=short, against=long, **rest)


def where(what: str, condition: str) -> dict[str, str]:
    """Only the rows of a condition, and the word for them."""
    return {"what": what, "where": condition}


def _days(window: int) -> str:
    return "day" if window == 1 else f"{window} days"

"""The words that the cinema's features share: groups of reasons, meanings of null, short ways to declare."""

from typing import Any

from features import Feature

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

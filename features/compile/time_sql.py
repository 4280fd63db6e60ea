"""Days of moments as SQL: as dates, and as whole numbers."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from lake.column import ColumnType

EPOCH = date(1970, 1, 1)
#: days that share one number of bits; fewer than 64, for the engines differ in what the sign bit means.
WORD = 60
#: a whole number of words, added so that days before 1970 divide as later ones do.
SHIFT = 1000 * WORD


def day_number(day: date) -> int:
    """Days since 1970-01-01.

    >>> day_number(date(1970, 3, 1))
    59
    """
    return (day - EPOCH).days


def grid(dates: Sequence[date]) -> str:
    """A common table expression `grid`: the snapshot dates as `as_of`, and as the number `today`."""
    days = ", ".join(f"(date'{day.isoformat()}', {day_number(day)})" for day in sorted(set(dates)))
    return f"grid as (select * from values {days} as g(as_of, today))"


def day_of(time: str) -> str:
    """The calendar day of a date or a moment; the session's time zone, which is the project's, cuts moments."""
    return f"cast({time} as date)"


def past() -> str:
    """True for rows that had happened and were known before `as_of`."""
    return "day < as_of and known_day < as_of"


def number_of(time: str, kind: ColumnType, zone: str, first: date, last: date) -> str:
    """SQL of the day number of a date, or of a moment as its clock stood in the time zone.

    Whole numbers only: turning each moment into a date by the rules of its zone costs an engine more than
    everything else it does with the row. A zone's offset is constant between two changes of its clocks, and those
    from `first` to `last` are written into the SQL.
    """
    if kind == "date":
        return f"datediff({time}, date'1970-01-01')"
    changes = _offsets(zone, first - timedelta(days=2), last + timedelta(days=2))
    micros = f"unix_micros({time})"
    offset = decide(micros, [at * 1_000_000 for at, _ in changes[1:]], [str(by * 1_000_000) for _, by in changes])
    # Shifted before the division, which cuts off towards zero, so that it goes down for moments before 1970.
    return f"(({micros} + {offset} + {SHIFT * 86_400_000_000}) div 86400000000 - {SHIFT})"


def decide(value: str, bounds: Sequence[int], leaves: Sequence[str]) -> str:
    """SQL that picks leaf i for bounds[i - 1] <= value < bounds[i], in as few comparisons as there can be.

    >>> decide("x", [10, 20], ["'a'", "'b'", "'c'"])
    "if(x < 10, 'a', if(x < 20, 'b', 'c'))"
    """
    if not bounds:
        return leaves[0]
    middle = (len(bounds) - 1) // 2
    below = decide(value, bounds[:middle], leaves[: middle + 1])
    above = decide(value, bounds[middle + 1 :], leaves[middle + 1 :])
    return f"if({value} < {bounds[middle]}, {below}, {above})"


def _offsets(zone: str, first: date, last: date) -> list[tuple[int, int]]:
    """Seconds since 1970 from which an offset in seconds holds, the first from ever on."""
    rules = ZoneInfo(zone)

    def offset(second: int) -> int:
        utc_offset = datetime.fromtimestamp(second, UTC).astimezone(rules).utcoffset()
        return 0 if utc_offset is None else int(utc_offset.total_seconds())

    start, end = day_number(first) * 86_400, day_number(last) * 86_400
    offsets = [(start, offset(start))]
    for second in range(start, end, 86_400):
        low, high = second, second + 86_400
        if offset(high) == offsets[-1][1]:
            continue
        while high - low > 1:  # between low and high the clocks change
            middle = (low + high) // 2
            low, high = (low, middle) if offset(middle) != offsets[-1][1] else (middle, high)
        offsets.append((high, offset(high)))
    return offsets

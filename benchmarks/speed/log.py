"""A simulated event log as Parquet files; the same arguments give the same rows."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.speed.task import FINISHED, FIRST_DAY

ROWS_A_FILE, ROWS_A_GROUP = 1_000_000, 250_000
DAY, HOUR, MINUTE = 86_400_000_000, 3_600_000_000, 60_000_000
KINDS = (FINISHED, "play_failed", "search", "page_view")
SHARES = (0.60, 0.05, 0.15, 0.20)
#: shape and scale of the gamma distribution of the minutes of each kind: long for plays, short for the others.
SHAPES, SCALES = (2.0, 0.5, 1.0, 1.0), (22.0, 4.0, 0.4, 0.8)
LATE = 0.03
LATEST_DAYS = 10
#: relative activity in each hour of a day, and on each weekday, Monday first.
HOURS = (5, 3, 2, 1, 1, 1, 2, 3, 4, 4, 4, 5, 6, 6, 6, 6, 7, 9, 12, 16, 20, 21, 17, 10)
WEEKDAYS = (0.90, 0.88, 0.90, 0.95, 1.10, 1.25, 1.20)
SCHEMA = pa.schema(
    [
        ("user_id", pa.int64()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("known", pa.timestamp("us", tz="UTC")),
        ("minutes", pa.float64()),
        ("kind", pa.string()),
    ]
)


def write_log(folder: Path, events: int, users: int, days: int, seed: int) -> None:
    """Write `events` rows over `days` days, in the order of days, with a few days in memory at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    activity = _activity(users, seed)
    waiting: list[pa.Table] = []
    files = 0
    for day, rows in _rows_of_days(events, days):
        waiting.append(_day(day, rows, activity, seed))
        if sum(table.num_rows for table in waiting) >= ROWS_A_FILE or day == days - 1:
            _write(folder / f"events-{files:04}.parquet", waiting)
            waiting, files = [], files + 1


def write_day(folder: Path, events: int, users: int, days: int, seed: int) -> Path:
    """Write the day after a log with the same arguments as one more file; returns its path."""
    rows = round(events * _weight(days) / sum(map(_weight, range(days))))
    path = folder / f"events-day-{days:04}.parquet"
    _write(path, [_day(days, rows, _activity(users, seed), seed)])
    return path


def _weight(day: int) -> float:
    return WEEKDAYS[(FIRST_DAY + timedelta(days=day)).weekday()]


def _rows_of_days(events: int, days: int) -> Iterator[tuple[int, int]]:
    """Each day with its number of rows; the numbers add up to `events`."""
    shares = np.cumsum([_weight(day) for day in range(days)])
    ends = np.rint(shares / shares[-1] * events).astype(int)
    yield from enumerate(np.diff(ends, prepend=0).tolist())


def _activity(users: int, seed: int) -> NDArray[np.float64]:
    """Cumulative shares of the users in all activity; few users have a large share."""
    share: NDArray[np.float64] = np.random.default_rng(seed).gamma(0.7, size=users).cumsum()
    share /= share[-1]
    return share


def _day(day: int, rows: int, activity: NDArray[np.float64], seed: int) -> pa.Table:
    # Each day has its own generator, so a day does not depend on the days written before it.
    random = np.random.default_rng((seed, day))
    midnight = int(np.datetime64(FIRST_DAY, "us").astype(np.int64)) + day * DAY
    hours = random.choice(24, size=rows, p=np.array(HOURS) / sum(HOURS))
    at = midnight + np.sort(hours * HOUR + random.integers(HOUR, size=rows))
    kind = random.choice(len(KINDS), size=rows, p=SHARES)
    minutes = random.gamma(np.array(SHAPES)[kind], np.array(SCALES)[kind])
    users = 1 + np.minimum(np.searchsorted(activity, random.random(rows)), len(activity) - 1)
    late = (random.random(rows) < LATE) * random.integers(DAY, LATEST_DAYS * DAY, size=rows)
    known_at = at + late + (random.exponential(5, size=rows) * MINUTE).astype(np.int64)
    kinds = pa.DictionaryArray.from_arrays(pa.array(kind.astype(np.int8)), pa.array(KINDS)).cast(pa.string())
    columns = [users, pa.array(at).cast(SCHEMA.field("at").type), pa.array(known_at).cast(SCHEMA.field("known").type)]
    return pa.table([*columns, np.round(minutes, 2), kinds], schema=SCHEMA)


def _write(path: Path, tables: list[pa.Table]) -> None:
    pq.write_table(pa.concat_tables(tables), path, row_group_size=ROWS_A_GROUP)

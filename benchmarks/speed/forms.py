"""The task in three forms of handwritten SQL, for any engine's dialect."""

from dataclasses import dataclass

from benchmarks.speed.task import FINISHED, WINDOWS, Task

#: ages in days at which segments begin. Every window consists of whole segments, and each segment fits into the 64 bits
#: of a word.
SEGMENTS = (0, 7, 14, 30, 90, 135, 180)
#: days per word, and number of words, of the bitmaps over all windows.
WORD_DAYS = 60
WORD_COUNT = 3


@dataclass(frozen=True)
class SqlDialect:
    """The expressions in which the engines differ.

    Attributes:
        log: the relation that reads the files.
        at: the column of the event time, quoted if it is a keyword.
        microseconds: function from a moment to microseconds since 1970.
        division: operator of integer division.
        instant: type of a literal moment.
    """

    log: str
    at: str
    microseconds: str
    division: str
    instant: str


def two_levels(task: Task, dialect: SqlDialect) -> str:
    """The obvious form: group by user and day, then by user; days come from casts."""
    columns = []
    for window in WINDOWS:
        recent = f"filter (where day >= date '{task.days_before(window)}')"
        columns.append(
            _numbers(window, f"sum(n) {recent}", f"sum(m) {recent}", f"count(*) {recent}", f"sum(f) {recent}",
                     f"sum(fm) {recent}")
        )  # fmt: skip
    day, known_date = f"cast({dialect.at} as date)", "cast(known as date)"
    return f"""with daily as (
  select user_id, {day} as day, count(*) as n, sum(minutes) as m,
    count(*) filter (where kind = '{FINISHED}') as f, sum(minutes) filter (where kind = '{FINISHED}') as fm
  from {dialect.log} where {day} < date '{task.as_of}' and {known_date} < date '{task.as_of}' group by user_id, {day}
)
select user_id, {", ".join(columns)},
  cast(datediff({_arguments(dialect, f"date '{task.as_of}'", "max(day)")}) as double) as events_days_since_last
from daily group by user_id"""


def one_grouping(task: Task, dialect: SqlDialect) -> str:
    """Group once by user: aggregates for each window, and bitmaps of the days."""
    inner, outer = [], []
    for window in WINDOWS:
        recent, finished = f"filter (where age < {window})", f"filter (where age < {window} and finished = 1)"
        inner.append(
            f"count(*) {recent} as n{window}, sum(minutes) {recent} as m{window}, "
            f"count(*) {finished} as f{window}, sum(minutes) {finished} as fm{window}"
        )
        masks = [(1 << min(WORD_DAYS, max(0, window - WORD_DAYS * word))) - 1 for word in range(WORD_COUNT)]
        days = " + ".join(f"cast(bit_count(b{word} & {mask}) as int)" for word, mask in enumerate(masks) if mask)
        outer.append(_numbers(window, f"n{window}", f"m{window}", days, f"f{window}", f"fm{window}"))
    for word in range(WORD_COUNT):
        within = f"filter (where age >= {WORD_DAYS * word} and age < {WORD_DAYS * (word + 1)})"
        inner.append(f"coalesce(bit_or(cast(1 as bigint) << cast(age % {WORD_DAYS} as int)) {within}, 0) as b{word}")
    return f"""with ages as ({_ages(task, dialect)}),
users as (select user_id, {", ".join(inner)}, min(age) as last from ages group by user_id)
select user_id, {", ".join(outer)}, cast(1 + last as double) as events_days_since_last from users"""


def segments(task: Task, dialect: SqlDialect) -> str:
    """Group by user and time segment with a bitmap of the days, then add up the segments of each window."""
    columns = []
    for window in WINDOWS:
        recent = f"filter (where segment < {SEGMENTS.index(window)})"
        columns.append(_numbers(window, *(f"sum({piece}) {recent}" for piece in ("n", "m", "d", "f", "fm"))))
    starts = list(enumerate(SEGMENTS))
    segment = " ".join(f"when age < {SEGMENTS[index + 1]} then {index}" for index, _ in starts[:-1])
    start = " ".join(f"when age < {SEGMENTS[index + 1]} then {day}" for index, day in starts[:-1])
    # Before the windows only the last day matters, so all days share one bit.
    return f"""with ages as ({_ages(task, dialect)}),
placed as (
  select *, cast(case {segment} else {len(starts) - 1} end as tinyint) as segment,
    case {start} else age end as start
  from ages
),
pieces as (
  select user_id, segment, cast(count(*) as double) as n, sum(minutes) as m, cast(sum(finished) as double) as f,
    sum(finished * minutes) as fm, min(age) as last,
    cast(bit_count(bit_or(cast(1 as bigint) << (age - start))) as double) as d
  from placed group by user_id, segment
)
select user_id, {", ".join(columns)}, cast(1 + min(last) as double) as events_days_since_last
from pieces group by user_id"""


def _ages(task: Task, dialect: SqlDialect) -> str:
    """The rows known before the date, with their age in whole days and a flag for finished plays.

    Ages are computed from microseconds, because a cast to a date applies the time zone rules to every row.
    """
    midnight = f"{dialect.instant} '{task.instant()}'"
    return (
        f"select user_id, minutes, cast(kind = '{FINISHED}' as int) as finished, cast(({task.microseconds - 1} - "
        f"{dialect.microseconds}({dialect.at})) {dialect.division} 86400000000 as int) as age "
        f"from {dialect.log} where {dialect.at} < {midnight} and known < {midnight}"
    )


def _numbers(window: int, count: str, minutes: str, days: str, finished: str, finished_minutes: str) -> str:
    """The six columns of a window; without an event the mean is null and the others are 0."""
    values = {
        "count": f"coalesce({count}, 0)",
        "minutes_sum": f"coalesce({minutes}, 0)",
        "active_days": f"coalesce({days}, 0)",
        "finished_count": f"coalesce({finished}, 0)",
        "minutes_mean": f"({minutes}) / nullif({count}, 0)",
        "finished_sum": f"coalesce({finished_minutes}, 0)",
    }
    return ", ".join(f"cast({value} as double) as events_{name}_{window}d" for name, value in values.items())


def _arguments(dialect: SqlDialect, later: str, earlier: str) -> str:
    return f"{later}, {earlier}" if dialect.division == "div" else f"'day', {earlier}, {later}"

"""Logs to make features of: declared, random, and as Spark views."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from features import ALL, Feature
from lake import Column, Source
from tests.spark.features.reference import Event

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

USER, VALUE = Column("user_id", "bigint", "who"), Column("value", "double", "how much", nullable=True)
PIECES = Column("pieces", "bigint", "how many", nullable=True)
DEVICE = Column("device", "string", "on what", nullable=True)
UNTIL = Column("until", "date", "valid until", nullable=True)
REST = (VALUE, PIECES, DEVICE, UNTIL)
#: a measure that is SQL over the columns.
MEASURES = (("double_value", "value * 2"),)
TV = {"where": "device = 'tv'", "what": "tv"}
WINDOWS = (1, 7, 30, ALL)


def dated(name: str = "visits") -> Source:
    """Rows known on the day they happen."""
    return Source(name, "x", "user_id", "day", (USER, Column("day", "date", "when"), *REST), measures=MEASURES)


def timed(name: str = "visits") -> Source:
    """Rows that happen at a moment and become known at a later one."""
    times = (Column("at", "timestamp", "when"), Column("loaded", "timestamp", "when we knew"))
    return Source(name, "x", "user_id", "at", (USER, *times, *REST), known_time="loaded", measures=MEASURES)


def declare(aggregation: str, source: str = "visits", **rest: Any) -> Feature:
    return Feature(source, aggregation, "unit", "null", "reason", "description", **rest)  # type: ignore[arg-type]


def every_feature(source: str = "visits") -> list[Feature]:
    """Every aggregation over every window it can have."""
    over = [declare(name, source, window=w) for name in ("count", "active_days", "interval_mean") for w in WINDOWS]
    measured = [declare(name, source, measure="value", window=w) for name in ("sum", "mean", "last") for w in WINDOWS]
    measured += [declare(name, source, measure="pieces", window=w) for name in ("min", "max", "first") for w in WINDOWS]
    measured += [declare("trend", source, measure=m, window=w) for m in (None, "value") for w in (7, 30)]
    always = [declare(name, source) for name in ("days_since_last", "days_since_first", "overdue")]
    ratios = [declare("ratio", source, window=7, against=30, measure=m) for m in (None, "value")]
    return [*over, *measured, *always, *ratios]


def every_condition(source: str = "visits") -> list[Feature]:
    """What rows of one kind say, and the aggregations of columns that are no numbers."""
    over = [
        declare(name, source, window=w, **TV) for name in ("count", "active_days", "interval_mean") for w in WINDOWS
    ]
    over += [
        declare(name, source, measure=m, window=w)
        for name in ("distinct", "distinct_about")
        for m in ("device", "pieces")
        for w in WINDOWS
    ]
    over += [declare("stddev", source, measure="value", window=w) for w in WINDOWS]
    over += [declare("sum", source, measure="double_value", window=w) for w in WINDOWS]
    over += [declare("share", source, measure=m, window=30, where="device = 'tv'", what=f"tv{m or ''}")
             for m in (None, "pieces")]  # fmt: skip
    always = [declare(name, source, **TV) for name in ("days_since_last", "days_since_first", "overdue")]
    always += [
        declare("last", source, measure="value", **TV),
        declare("days_until", source, measure="until"),
        declare("state", source, measure="pieces"),
    ]
    return [*over, *always, declare("ratio", source, window=7, against=30, **TV)]


def random_log(seed: int, first: date, days: int, zone: str | None, entities: int = 25) -> list[Event]:
    """Busy and quiet entities, days with several events, equal times, nulls; in a zone, rows known days later."""
    rng = random.Random(seed)  # noqa: S311
    log = []
    for entity in range(1, entities + 1):
        for _ in range(rng.choice([1, 2, 5, 40])):
            happened = datetime.combine(first, time(), tzinfo=ZoneInfo(zone or "UTC"))
            # By UTC, on whole quarters of an hour: moments around local midnight and equal moments are common.
            moment = happened.astimezone(UTC) + timedelta(minutes=15 * rng.randrange(days * 96))
            late = timedelta(hours=rng.choice([0, 0, 1, 30, 24 * 12])) if zone else timedelta()
            values = {"value": rng.choice([None, 0.0, round(rng.uniform(-5, 50), 2)]),
                      "pieces": rng.choice([None, rng.randint(-3, 9)]),
                      "device": rng.choice([None, "tv", "tv", "web"]),
                      "until": rng.choice([None, first + timedelta(days=rng.randrange(200))])}  # fmt: skip
            log += [event(entity, moment, moment + late, zone, **values)] * rng.choice([1, 1, 1, 2])
    return log


def event(entity: int, moment: datetime, known_at: datetime, zone: str | None, **values: Any) -> Event:
    """A row from its moments; without a zone it only has a day."""
    day, known_day = (item.astimezone(ZoneInfo(zone or "UTC")).date() for item in (moment, known_at))
    times = (moment, known_at) if zone else (day, known_day)
    return Event(
        entity, *times, day, known_day, {"value": None, "pieces": None, "device": None, "until": None, **values}
    )


def show(spark: "SparkSession", source: Source, log: Sequence[Event]) -> None:
    """Make the log a view of the source's name, as the lake registers it."""
    types = ", ".join(f"{column.name} {column.type}" for column in source.columns)
    times = ("at", "known_at") if source.known_time else ("day",)
    rows = [(e.entity, *(getattr(e, item) for item in times), *(e.values[item.name] for item in REST)) for e in log]
    frame = spark.createDataFrame(rows, types)
    frame.selectExpr("*", f"{source.known_sql} as _known").createOrReplaceTempView(source.name)


def by_key(rows: "Sequence[Row]") -> dict[tuple[int, date], dict[str, float | None]]:
    """Rows of a plan by entity and date."""
    tables = {}
    for row in rows:
        values = row.asDict()
        key = (values.pop("user_id"), values.pop("as_of"))
        assert key not in tables, f"{key} is there twice"
        tables[key] = values
    return tables

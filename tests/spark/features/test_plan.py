"""The plan's values: equal to a row-by-row reference, and blind to the future."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from features import Grid, label_sql, snapshot_sql
from features.declare.label import NoEvent
from tests.spark.features.logs import (
    by_key,
    dated,
    declare,
    event,
    every_condition,
    every_feature,
    random_log,
    show,
    timed,
)
from tests.spark.features.reference import Event, differences, expected

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST = date(2020, 2, 20)
#: around the days on which both zones below change their clocks, the leap day, and far after the last event.
DATES = [FIRST + timedelta(days=n) for n in (1, 2, 8, 9, 10, 17, 18, 24, 31, 38, 39, 40, 60, 400)]


@pytest.mark.parametrize(
    ("zone", "seed"),
    [
        pytest.param(None, 1, id="days, known when they happen"),
        pytest.param("America/New_York", 2, id="moments, known later, cut in New York"),
        pytest.param("Asia/Kolkata", 3, id="moments, known later, cut in Kolkata", marks=pytest.mark.slow),
    ],
)
def test_every_aggregation_over_every_window_is_what_the_reference_says(
    zone: str | None, seed: int, spark: "SparkSession", in_zone: Callable[[str], Any]
):
    source, log = timed() if zone else dated(), random_log(seed, FIRST, 45, zone)
    features = [*every_feature(), *every_condition()]
    with in_zone(zone or "UTC"):
        show(spark, source, log)
        result = by_key(
            spark.sql(snapshot_sql(features, [source], "user_id", Grid.of(DATES, FIRST, zone or "UTC"))).collect()
        )
    wanted = expected(features, log, DATES)
    assert result.keys() == wanted.keys()
    assert len(result) > 200
    assert differences(result, wanted) == {}


AS_OF = date(2020, 3, 31)
ONE = Grid.of([AS_OF], AS_OF - timedelta(days=60))
MORNING = datetime(2020, 3, 31, tzinfo=UTC)
#: description -> days before as_of on which it happened and became known, and whether it counts in all and in 30 days.
EDGES = {
    "the day before": (1, 1, True, True),
    "the last moment of the day before": (1e-5, 1e-5, True, True),
    "on the date itself": (0, 0, False, False),
    "the first day of the window": (30, 30, True, True),
    "the last moment of that day": (29.00001, 29, True, True),
    "a moment before the window": (30.00001, 30.00001, True, False),
    "before, and known on the date": (5, 0, False, False),
    "before, and known a moment before the date": (5, 1e-5, True, True),
    "in the window though known outside of it never": (20, -3, False, False),
    "booked for a later day": (-1, 5, False, False),
    "booked for the date itself": (0, 5, False, False),
}


@pytest.fixture(scope="module")
def edges(spark: "SparkSession") -> dict[str, tuple[float, float]]:
    """Each case's own entity at the date: count in all, count in 30 days; (0, 0) if it is not there."""
    log = [
        event(number, MORNING - timedelta(days=happened), MORNING - timedelta(days=known_at), "UTC")
        for number, (happened, known_at, _, _) in enumerate(EDGES.values())
    ]
    features = [declare("count"), declare("count", window=30)]
    show(spark, timed(), log)
    rows = by_key(spark.sql(snapshot_sql(features, [timed()], "user_id", ONE)).collect())
    nobody: dict[str, float | None] = {"visits_count_all": 0.0, "visits_count_30d": 0.0}
    result = [rows.get((number, AS_OF), nobody) for number in range(len(EDGES))]
    return {
        case: (row["visits_count_all"] or 0.0, row["visits_count_30d"] or 0.0)
        for case, row in zip(EDGES, result, strict=True)
    }


@pytest.mark.parametrize("case", EDGES)
def test_an_event_at_the_edge_counts_on_the_right_side(case: str, edges: dict[str, tuple[float, float]]):
    _, _, ever, lately = EDGES[case]
    assert edges[case] == (float(ever), float(lately))


def _is_past(row: Event) -> bool:
    return row.day < AS_OF and row.known_day < AS_OF


def _corrupted(row: Event) -> Event:
    return (
        row
        if _is_past(row)
        else replace(row, values={"value": 1e12, "pieces": -(10**12), "device": "tv", "until": AS_OF})
    )


#: what is done to the rows that happened or became known at the date or after it.
FUTURES: dict[str, Callable[[list[Event]], list[Event]]] = {
    "as it was": lambda log: log,
    "deleted": lambda log: [row for row in log if _is_past(row)],
    "three times": lambda log: [row for row in log for _ in range(1 if _is_past(row) else 3)],
    "corrupted": lambda log: [_corrupted(row) for row in log],
}


@pytest.fixture(scope="module")
def futures(spark: "SparkSession") -> dict[str, dict[int, dict[str, float | None]]]:
    """Features of the same entities in four worlds that share their past, in one query."""
    log = random_log(7, AS_OF - timedelta(days=45), 90, "UTC", entities=30)
    assert 100 < sum(map(_is_past, log)) < len(log) - 100
    worlds = [
        replace(row, entity=row.entity + 1000 * world)
        for world, change in enumerate(FUTURES.values())
        for row in change(log)
    ]
    show(spark, timed(), worlds)
    rows = by_key(spark.sql(snapshot_sql([*every_feature(), *every_condition()], [timed()], "user_id", ONE)).collect())
    return {
        name: {entity % 1000: values for (entity, _), values in rows.items() if entity // 1000 == world}
        for world, name in enumerate(FUTURES)
    }


@pytest.mark.parametrize("future", [name for name in FUTURES if name != "as it was"])
def test_whatever_happens_at_or_after_the_date_leaves_the_features_as_they_were(
    future: str, futures: dict[str, dict[int, dict[str, float | None]]]
):
    assert len(futures["as it was"]) > 20
    assert futures[future] == futures["as it was"]


def test_an_entity_without_an_event_in_a_source_has_counted_none_there(spark: "SparkSession"):
    visits, calls = dated(), dated("calls")
    moment = MORNING - timedelta(days=3)
    show(spark, visits, [event(1, moment, moment, None), event(2, moment, moment, None)])
    show(spark, calls, [event(2, moment, moment, None, value=4.0), event(3, moment, moment, None)])
    features = [declare("count", window=7), declare("count", "calls", window=7), declare("count", "calls")]
    features += [declare("active_days", "calls", window=7), declare("sum", "calls", measure="value")]
    features += [declare("max", "calls", measure="value"), declare("days_since_last", "calls")]
    result = by_key(spark.sql(snapshot_sql(features, [visits, calls], "user_id", ONE)).collect())
    names = [feature.name for feature in features]
    assert [result[1, AS_OF][name] for name in names] == [1, 0, 0, 0, 0, None, None]
    assert [result[2, AS_OF][name] for name in names] == [1, 1, 1, 1, 4, 4, 3]
    assert [result[3, AS_OF][name] for name in names] == [0, 1, 1, 1, 0, None, 3]


#: description -> days after as_of of the entity's event, and whether it stays: 30 days of horizon, 2 of grace.
RETURNS = {
    "on the date": (0, True),
    "the day before": (-1, False),
    "on the last day of the horizon": (29, True),
    "on the last day of grace": (31, True),
    "a day after the grace": (32, False),
}


def test_who_returns_within_horizon_and_grace_stays(spark: "SparkSession"):
    log = [event(number, at := MORNING + timedelta(days=after, hours=12), at, "UTC")
           for number, (after, _) in enumerate(RETURNS.values())]  # fmt: skip
    show(spark, timed(), log * 2)
    rows = spark.sql(label_sql(NoEvent("visits", 30, 2), [timed()], "user_id", [AS_OF])).collect()
    stayed = sorted(name for row in rows for number, name in enumerate(RETURNS) if number == row["user_id"])
    assert stayed == sorted(name for name, (_, stays) in RETURNS.items() if stays)

"""The plan on DuckDB, and what it keeps by day, against a row-by-row reference on random logs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from features import ALL, DuckEngine, Grid, snapshot_sql
from lake import Source, base, view_sql
from tests.spark.features.logs import dated, declare, event, every_condition, every_feature, timed
from tests.spark.features.reference import Event, Table, differences, expected

FIRST = date(2020, 2, 20)
#: the day and the next; a week and the next; the ends of months, around the leap day and two changes of clocks.
DATES = [FIRST + timedelta(days=n) for n in (1, 2, 9, 10, 11, 17, 18, 38, 39, 40, 71, 400)]
FEATURES = [*every_feature(), *every_condition()]
#: Arrow's name of a column type; moments are kept in UTC, as the lake does.
TYPES = {"bigint": pa.int64(), "double": pa.float64(), "string": pa.string(), "date": pa.date32(),
         "timestamp": pa.timestamp("us", tz="UTC")}  # fmt: skip

quarters = st.integers(0, 45 * 96)
rows = st.fixed_dictionaries(
    {"value": st.one_of(st.none(), st.integers(-500, 5000).map(lambda cents: cents / 100)),
     "pieces": st.one_of(st.none(), st.integers(-3, 9)), "device": st.sampled_from([None, "tv", "web"]),
     "until": st.one_of(st.none(), st.dates(FIRST, FIRST + timedelta(days=200)))}
)  # fmt: skip
#: minutes until it is known: at once, within the hour, past midnight, at a midnight, weeks later.
lateness = st.sampled_from([0, 0, 0, 45, 24 * 60, 30 * 60, 24 * 12 * 60])


@st.composite
def logs(draw: st.DrawFn, zone: str | None) -> list[Event]:
    """A few entities, some with one row; equal rows, equal moments, moments at midnight."""
    start = datetime.combine(FIRST, time(), tzinfo=ZoneInfo(zone or "UTC")).astimezone(UTC)
    built = []
    for _ in range(draw(st.integers(1, 40))):
        moment = start + timedelta(minutes=15 * draw(quarters))
        late = timedelta(minutes=draw(lateness)) if zone else timedelta()
        item = event(draw(st.integers(1, 4)), moment, moment + late, zone, **draw(rows))
        built += [item] * draw(st.sampled_from([1, 1, 1, 2]))
    return built


@contextmanager
def shown(source: Source, log: list[Event], zone: str) -> Iterator[DuckEngine]:
    """An engine with the log as the lake keeps it."""
    named = [column.name for column in source.columns]
    times = ("at", "known_at") if "at" in named else ("day",)
    values = [[item.entity, *(getattr(item, time) for time in times), *item.values.values()] for item in log]
    order = ["user_id", *[name for name in named if name in {"at", "loaded", "day"}],
             "value", "pieces", "device", "until"]  # fmt: skip
    columns: dict[str, list[Any]] = {name: [row[place] for row in values] for place, name in enumerate(order)}
    schema = pa.schema([(column.name, TYPES[column.type]) for column in source.columns])
    with tempfile.TemporaryDirectory() as folder:
        parquet.write_table(pa.table({name: columns[name] for name in named}, schema), Path(folder) / "log.parquet")
        engine = DuckEngine(zone, threads=1)
        engine.show_files(base(source), [Path(folder)])
        engine.show(source.name, view_sql(source))
        yield engine


def by_key(result: pd.DataFrame) -> Table:
    clean = result.astype(object).where(result.notna(), None)
    return {(row.pop("user_id"), row.pop("as_of").date()): row for row in clean.to_dict("records")}


@pytest.mark.parametrize(
    ("source", "zone"),
    [
        pytest.param(dated(), None, id="days, known when they happen"),
        pytest.param(timed(), "America/New_York", id="moments, known later, cut in New York"),
        pytest.param(timed(), "Asia/Kolkata", id="moments, known later, cut in Kolkata", marks=pytest.mark.slow),
    ],
)
@settings(
    # Shrinking would run the plan for minutes; the log of a failure is small as it is.
    max_examples=max(3, settings.default.max_examples // 20),
    deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(data=st.data())
def test_every_aggregation_over_every_window_is_what_the_reference_says(source: Source, zone: str | None, data):
    log = data.draw(logs(zone))
    grid = Grid.of(DATES, FIRST, zone or "UTC")
    with shown(source, log, zone or "UTC") as engine:
        result = by_key(engine.frame(snapshot_sql(FEATURES, [source], "user_id", grid)))
    wanted = expected(FEATURES, log, DATES)
    assert result.keys() == wanted.keys()
    assert differences(result, wanted) == {}


def test_a_window_of_a_year_begins_on_its_own_day_at_every_date():
    """Rows on every fifth day of three years, several dates in one pass: no window is cut to whole words of days."""
    start = datetime.combine(FIRST, time(), tzinfo=UTC)
    log = []
    for days in range(0, 1100, 5):
        moment = start + timedelta(days=days)
        log += [event(entity, moment, moment, None, value=1.25, pieces=days, device="tv") for entity in (1, 2)]
    features = [
        declare(aggregation, measure=measure, window=window)
        for aggregation, measure in (("sum", "value"), ("count", None), ("min", "pieces"), ("last", "value"),
                                     ("active_days", None), ("interval_mean", None))
        for window in (200, 365, 700, ALL)
    ]  # fmt: skip
    dates = [FIRST + timedelta(days=days) for days in (410, 471, 733, 1095)]
    source = dated()
    with shown(source, log, "UTC") as engine:
        result = by_key(engine.frame(snapshot_sql(features, [source], "user_id", Grid.of(dates, FIRST, "UTC"))))
    wanted = expected(features, log, dates)
    assert result.keys() == wanted.keys()
    assert differences(result, wanted) == {}

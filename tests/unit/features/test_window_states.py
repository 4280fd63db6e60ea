"""Mornings one after the other, each from the day before, against the reference: late rows, gaps, corrections."""

import random
import zlib
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from features import DuckEngine, NoEvent, Population, SnapshotSpec
from features.compile.grid import Grid
from features.compile.plan import SourcePlan
from features.compile.time_sql import day_number
from features.daily_aggregates import DailyAggregates
from features.window_states import WindowStates
from lake import DayChecksum, Source, Table
from lake.identity import register_sources
from lake.table import Manifest, Month
from tests.spark.features.logs import every_condition, every_feature, random_log, timed
from tests.spark.features.reference import Event, differences, expected
from tests.unit.features.test_reference import FIRST, TYPES, by_key

ZONE = "America/New_York"
#: a day's window is left to the tests of the plan.
FEATURES = tuple(item for item in (*every_feature(), *every_condition()) if item.window != 1)
#: one of every aggregation, where a claim is about rows and not about windows.
FEW = tuple({item.aggregation: item for item in FEATURES}.values())
EVERYBODY = Population("all", "true", "shop", "everybody", NoEvent("visits", 30))
SPEC = SnapshotSpec("shop", "user_id", (timed(),), FEATURES, (EVERYBODY,), time_zone=ZONE)


def keep(table: Table, source: Source, log: list[Event]) -> None:
    """Make the rows the table's, by the month they happened in, as an ingest does."""
    months: dict[str, list[Event]] = defaultdict(list)
    for row in log:
        months[f"{row.day:%Y-%m}"].append(row)
    built = {}
    for month, rows in months.items():
        text = repr(rows)
        folder = table.month(month, f"{zlib.crc32(text.encode()):x}")
        folder.mkdir(parents=True, exist_ok=True)
        values = [(row.entity, row.at, row.known_at, *row.values.values()) for row in rows]
        schema = pa.schema([(column.name, TYPES[column.type]) for column in source.columns])
        parquet.write_table(pa.table(list(map(list, zip(*values, strict=True))), schema), folder / "rows.parquet")
        days: dict[tuple[date, date], list[Event]] = defaultdict(list)
        for row in rows:
            days[row.day, row.known_day].append(row)
        marks = [DayChecksum(str(day), str(known_at), len(some), zlib.crc32(repr(some).encode()))
                 for (day, known_at), some in sorted(days.items())]  # fmt: skip
        built[month] = Month(folder.name, 0, tuple(marks))
    first = min(row.day for row in log)
    table.publish(Manifest("d", "m", str(first), str(first), {}, built))


class Mornings:
    """A lake that learns more every day, and the features of each morning."""

    def __init__(self, folder: Path, spec: SnapshotSpec, log: list[Event]) -> None:
        self.spec, self.log = spec, log
        self.tables = {"visits": Table(folder, "shop", "visits")}
        self.daily = WindowStates(folder / "daily", spec, self.tables, FIRST)
        self.engine = DuckEngine(ZONE, threads=1)

    def wrong(self, as_of: date, early: bool = False) -> dict[object, object]:
        """What differs from the reference on that morning; nothing, if all is well."""
        keep(self.tables["visits"], timed(), [row for row in self.log if early or row.known_day < as_of])
        register_sources(self.engine, self.tables, self.spec.sources)
        result = by_key(self.engine.frame(self.daily.plan_sql(self.engine, as_of, None)))
        wanted = expected(self.spec.features, self.log, [as_of])
        assert result.keys() == wanted.keys()
        return differences(result, wanted)


@pytest.fixture
def log() -> list[Event]:
    return random_log(5, FIRST, 60, ZONE, entities=8)


@pytest.mark.parametrize(
    "steps",
    # A day, a few, too many to roll over; and a roll from one word of 60 days into the next.
    [(1, 40, 5, 1), pytest.param((0, 1, 2, 5, 9, 20, 9, 1), marks=pytest.mark.slow)],
    ids=["every kind of step", "all steps"],
)
def test_every_daily_update_equals_the_reference(steps: tuple[int, ...], log: list[Event], tmp_path: Path):
    mornings, as_of = Mornings(tmp_path, SPEC, log), FIRST + timedelta(days=3)
    for step in steps:
        as_of += timedelta(days=step)
        assert mornings.wrong(as_of) == {}, as_of


def test_a_row_booked_or_exported_early_does_not_count_early(log: list[Event], tmp_path: Path):
    mornings = Mornings(tmp_path, replace(SPEC, features=FEW), log)
    for day in (20, 21, 22):
        assert mornings.wrong(FIRST + timedelta(days=day), early=True) == {}


def test_a_corrected_row_is_corrected_in_what_follows(log: list[Event], tmp_path: Path):
    mornings = Mornings(tmp_path, replace(SPEC, features=FEW), log)
    assert mornings.wrong(FIRST + timedelta(days=20)) == {}
    known_at = [row for row in log if row.known_day < FIRST + timedelta(days=15)]
    wrong = random.Random(1).choice(known_at)  # noqa: S311
    log[log.index(wrong)] = replace(wrong, values={**wrong.values, "value": 49.5, "pieces": 9})
    assert mornings.wrong(FIRST + timedelta(days=21)) == {}


def test_features_that_look_back_some_days_only_forget_who_was_not_there(log: list[Event], tmp_path: Path):
    few = {item.aggregation: item for item in FEATURES if item.reach is not None and item.reach <= 7}
    finite = tuple(few.values())
    spec = replace(SPEC, features=finite)
    mornings = Mornings(tmp_path, spec, log)
    for day in (50, 51, 55, 57):
        as_of = FIRST + timedelta(days=day)
        keep(mornings.tables["visits"], timed(), [row for row in log if row.known_day < as_of])
        register_sources(mornings.engine, mornings.tables, spec.sources)
        result = by_key(mornings.engine.frame(mornings.daily.plan_sql(mornings.engine, as_of, None)))
        lately = {row.entity for row in log
                  if as_of - timedelta(days=7) <= row.day < as_of and row.known_day < as_of}  # fmt: skip
        assert {entity for entity, _ in result} == lately


def test_a_source_without_a_row_for_longer_than_its_windows_forgets_everybody(log: list[Event], tmp_path: Path):
    features = tuple(item for item in FEATURES if item.aggregation == "max" and item.window == 7)
    end = max(row.day for row in log)
    mornings = Mornings(tmp_path, replace(SPEC, features=features), log)
    keep(mornings.tables["visits"], timed(), log)
    register_sources(mornings.engine, mornings.tables, mornings.spec.sources)
    counts = []
    for days in (5, 9, 12):
        sql = mornings.daily.plan_sql(mornings.engine, end + timedelta(days=days), None)
        counts.append(len(by_key(mornings.engine.frame(sql))))
    assert counts[0] > 0
    assert counts[1:] == [0, 0]


def test_a_late_event_rebuilds_its_day_and_nothing_else(log: list[Event], tmp_path: Path):
    table, engine = Table(tmp_path, "shop", "visits"), DuckEngine(ZONE, threads=1)
    plan = SourcePlan(timed(), FEATURES, Grid.of([FIRST + timedelta(days=99)], FIRST, ZONE), [timed()])
    partials = DailyAggregates(tmp_path / "partials", plan, {"visits": table})
    late = log.pop()
    keep(table, timed(), log)
    assert partials.refresh(engine) == sorted({day_number(row.day) for row in log})
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("partials/day=*/*/*")}
    keep(table, timed(), [*log, late])
    assert partials.refresh(engine) == [day_number(late.day)]
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("partials/day=*/*/*")}
    changed = {path.parent.parent.name for path in before.items() ^ after.items() for path in [path[0]]}
    assert changed == {f"day={day_number(late.day)}"}
    assert partials.refresh(engine) == []

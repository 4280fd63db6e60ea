"""Mornings on Spark: the first from all partials, the next from the day before; both as the reference says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features import SparkEngine
from features.window_states import WindowStates
from lake import Table
from lake.identity import register_sources
from tests.spark.features.logs import by_key, every_condition, every_feature, random_log, timed
from tests.spark.features.reference import differences, expected
from tests.unit.features.test_reference import FIRST
from tests.unit.features.test_window_states import SPEC, ZONE, keep

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: one feature of every aggregation; every window of each is tried on DuckDB.
FEATURES = tuple(
    {item.aggregation: item for item in (*every_feature(), *every_condition()) if item.window != 1}.values()
)


def test_a_morning_follows_from_the_day_before(
    spark: "SparkSession", in_zone: Callable[[str], Any], tmp_path: Path
) -> None:
    spec, log = replace(SPEC, features=FEATURES), random_log(5, FIRST, 60, ZONE, entities=8)
    tables, engine = {"visits": Table(tmp_path, "shop", "visits")}, SparkEngine(spark)
    daily = WindowStates(tmp_path / "daily", spec, tables, FIRST)
    with in_zone(ZONE):
        for day in (20, 22):
            as_of = FIRST + timedelta(days=day)
            keep(tables["visits"], timed(), [row for row in log if row.known_day < as_of])
            register_sources(engine, tables, spec.sources)
            result = by_key(spark.sql(daily.plan_sql(engine, as_of, None)).collect())
            wanted = expected(FEATURES, log, [as_of])
            assert result.keys() == wanted.keys()
            assert differences(result, wanted) == {}

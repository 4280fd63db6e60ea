"""Properties of the plan's text; its values are tested on both engines."""

import re
from datetime import date

from features import Grid, label_sql, snapshot_sql
from features.declare.label import NoEvent
from stack.engines.duckdb_engine import translated
from tests.unit.builders import feature, source

FEATURES = [
    feature("count", window=30),
    feature("sum", measure="minutes", window=7),
    feature("overdue"),
    feature("count", source="calls"),
]
SOURCES = [source(), source(name="calls", files="calls*"), source(name="unused", files="unused*")]
DATES = [date(1997, 6, 1), date(1997, 5, 1), date(1997, 6, 1)]
SINCE = date(1997, 1, 1)


def plan(dates: list[date]) -> str:
    return snapshot_sql(FEATURES, SOURCES, "user_id", Grid.of(dates, SINCE))


def test_every_feature_is_computed_once_and_the_columns_keep_the_declared_order():
    text = plan(DATES)
    assert [len(re.findall(rf"as double\) as {item.name}\b", text)) for item in FEATURES] == [1, 1, 1, 1]
    last = next(line for line in reversed(text.splitlines()) if line.startswith("select entity as user_id"))
    columns = re.split(r", (?![^(]*\))", last.removeprefix("select entity as user_id, as_of, "))
    assert [column.split(" as ")[-1] for column in columns] == [item.name for item in FEATURES]


def test_a_source_without_a_feature_is_not_read():
    assert "unused" not in plan(DATES)


def test_the_same_dates_in_any_order_give_the_same_text():
    assert plan(DATES) == plan(sorted(set(DATES)))
    label = NoEvent("visits", 30)
    assert label_sql(label, SOURCES, "user_id", DATES) == label_sql(label, SOURCES, "user_id", DATES[:2])


def test_rows_are_grouped_once_whatever_the_number_of_windows():
    """Grouping is what costs: one for the spans and one, of far fewer rows, for the states of each source."""
    assert plan(DATES[:1]).count("group by") == 2 * len({item.source for item in FEATURES})


def test_a_bad_cast_is_an_error_in_the_other_dialect_too():
    assert "TRY_CAST" not in translated(plan(DATES))

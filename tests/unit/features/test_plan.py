"""Properties of the plan's text; its values are tested on Spark."""

import re
from datetime import date

from features import label_sql, snapshot_sql
from features.label import NoEvent
from tests.unit.builders import feature, source

FEATURES = [
    feature("count", window=30),
    feature("sum", measure="minutes", window=7),
    feature("overdue"),
    feature("count", source="calls"),
]
SOURCES = [source(), source(name="calls", files="calls*"), source(name="unused", files="unused*")]
DATES = [date(1997, 6, 1), date(1997, 5, 1), date(1997, 6, 1)]


def test_every_feature_is_computed_once_and_the_columns_keep_the_declared_order():
    text = snapshot_sql(FEATURES, SOURCES, "user_id", DATES)
    assert [len(re.findall(rf"as double\) as {one.name}\b", text)) for one in FEATURES] == [1, 1, 1, 1]
    last = text.splitlines()[text.splitlines().index("from keys") - 1]
    columns = re.split(r", (?![^(]*\))", last.removeprefix("select entity as user_id, as_of, "))
    assert [column.split(" as ")[-1] for column in columns] == [one.name for one in FEATURES]


def test_a_source_without_a_feature_is_not_read():
    assert "unused" not in snapshot_sql(FEATURES, SOURCES, "user_id", DATES)


def test_the_same_dates_in_any_order_give_the_same_text():
    in_order = snapshot_sql(FEATURES, SOURCES, "user_id", sorted(set(DATES)))
    assert snapshot_sql(FEATURES, SOURCES, "user_id", DATES) == in_order
    label = NoEvent("visits", 30)
    assert label_sql(label, SOURCES, "user_id", DATES) == label_sql(label, SOURCES, "user_id", DATES[:2])

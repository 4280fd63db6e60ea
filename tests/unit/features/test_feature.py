"""A feature's name says what it is, and a mistake in it is told where it is declared."""

from typing import Any

import pytest

from features import ALL, Feature
from features.feature import check
from lake import Column
from lake.source import DeclarationError
from tests.unit.builders import feature, is_one_sentence, source


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        (feature("count", window=90), "visits_count_90d"),
        (feature("count", window=ALL), "visits_count_all"),
        (feature("sum", measure="minutes", window=30), "visits_minutes_sum_30d"),
        (feature("last", measure="minutes"), "visits_minutes_last_all"),
        (feature("active_days", window=1), "visits_active_days_1d"),
        (feature("interval_mean", window=365), "visits_interval_mean_365d"),
        (feature("days_since_last"), "visits_days_since_last"),
        (feature("days_since_first"), "visits_days_since_first"),
        (feature("overdue"), "visits_overdue"),
        (feature("ratio", window=7, against=30), "visits_ratio_count_7d_30d"),
    ],
)
def test_a_name_is_source_measure_aggregation_and_window(declared: Feature, name: str):
    assert declared.name == name


@pytest.mark.parametrize(
    ("aggregation", "rest", "said"),
    [
        pytest.param("sum", {}, "visits_sum_all: sum needs a measure", id="a sum of nothing"),
        pytest.param("count", {"measure": "minutes"}, "count takes no measure, minutes was given", id="a count of"),
        pytest.param("count", {"window": 0}, "window 0 must be at least 1 day", id="an empty window"),
        pytest.param("count", {"window": -7}, "window -7 must be at least 1 day", id="a window into the future"),
        pytest.param("days_since_last", {"window": 30}, "days_since_last.* have none", id="recency in a window"),
        pytest.param("overdue", {"window": 30}, "overdue have none", id="overdue in a window"),
        pytest.param("ratio", {"window": 7}, "a ratio needs a window and a longer one", id="a ratio to nothing"),
        pytest.param("ratio", {"against": 30}, "a ratio needs a window and a longer one", id="a ratio of all"),
        pytest.param("ratio", {"window": 30, "against": 30}, "needs a window and a longer", id="a ratio to itself"),
        pytest.param("ratio", {"window": 30, "against": 7}, "needs a window and a longer", id="a ratio upside down"),
        pytest.param("ratio", {"window": 7, "against": 30, "measure": "minutes"}, "no measure", id="a ratio of sums"),
        pytest.param("count", {"window": 7, "against": 30}, "visits_count_7d.* against", id="against without ratio"),
        pytest.param("median", {"window": 7}, "visits_median_7d.* median", id="an aggregation that does not exist"),
    ],
)
def test_a_feature_declared_wrong_is_told_by_its_name(aggregation: str, rest: dict[str, Any], said: str):
    with pytest.raises(DeclarationError, match=said) as caught:
        feature(aggregation, **rest)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        pytest.param([feature(source="views")], "views_count_all: no source views; there are visits", id="no source"),
        pytest.param([feature("sum", measure="hours")], "visits has no column hours; it has", id="no column"),
        pytest.param([feature("max", measure="device")], "visits_device_max_all: device is not a number", id="text"),
        pytest.param([feature("max", measure="day")], "visits_day_max_all: day is not a number", id="a date"),
        pytest.param([feature(), feature(unit="other")], "visits_count_all is declared twice", id="one name twice"),
    ],
)
def test_features_that_do_not_fit_the_sources_are_told(declared: list[Feature], said: str):
    with pytest.raises(DeclarationError, match=said) as caught:
        check(declared, [source()])
    assert is_one_sentence(caught.value)


def test_two_features_whose_parts_spell_one_name_are_told():
    who, day = source().column("user_id"), source().column("day")
    rows = source(name="calls_minutes", columns=(who, day, Column("paid", "double", "of them paid")))
    calls = source(name="calls", columns=(who, day, Column("minutes_paid", "double", "of them paid")))
    pair = [
        feature("sum", source="calls_minutes", measure="paid"),
        feature("sum", source="calls", measure="minutes_paid"),
    ]
    with pytest.raises(DeclarationError, match="calls_minutes_paid_sum_all is declared twice"):
        check(pair, [rows, calls])

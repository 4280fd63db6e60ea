"""A feature's name says what it is, and a mistake in it is told where it is declared."""

from typing import Any

import pytest

from features import ALL, Feature
from features.declare.declaration_checks import check
from lake import Column
from lake.declarations import DeclarationError
from tests.unit.builders import feature, is_one_sentence, source

TV: dict[str, Any] = {"where": "device = 'tv'", "what": "tv"}


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
        (feature("ratio", measure="minutes", window=7, against=30), "visits_minutes_ratio_7d_30d"),
        (feature("share", window=30, **TV), "visits_tv_share_30d"),
        (feature("count", window=90, **TV), "visits_tv_count_90d"),
        (feature("sum", measure="minutes", window=7, **TV), "visits_tv_sum_7d"),
        (feature("ratio", window=7, against=30, **TV), "visits_tv_ratio_count_7d_30d"),
        (feature("days_since_last", **TV), "visits_tv_days_since_last"),
        (feature("distinct", measure="device", window=30), "visits_device_distinct_30d"),
        (feature("stddev", measure="minutes", window=30), "visits_minutes_stddev_30d"),
        (feature("days_until", measure="loaded"), "visits_loaded_days_until"),
        (feature("value", source="contract", measure="tenure_days"), "contract_tenure_days"),
        (feature("value", source="calendar", measure="weekday"), "calendar_weekday"),
    ],
)
def test_a_name_is_source_measure_aggregation_and_window(declared: Feature, name: str):
    assert declared.name == name


@pytest.mark.parametrize(
    ("aggregation", "rest", "expected_text"),
    [
        pytest.param("sum", {}, "visits_sum_all: sum needs a measure", id="a sum of nothing"),
        pytest.param("count", {"measure": "minutes"}, "count takes no measure, but it is minutes", id="a count of"),
        pytest.param("count", {"window": 0}, "window 0 must be at least 1 day", id="an empty window"),
        pytest.param("count", {"window": -7}, "window -7 must be at least 1 day", id="a window into the future"),
        pytest.param("days_since_last", {"window": 30}, "days_since_last.* have none", id="recency in a window"),
        pytest.param("overdue", {"window": 30}, "overdue and state and value have none", id="overdue in a window"),
        pytest.param("ratio", {"window": 7}, "a ratio needs a window and a longer one", id="a ratio to nothing"),
        pytest.param("ratio", {"against": 30}, "a ratio needs a window and a longer one", id="a ratio of all"),
        pytest.param("ratio", {"window": 30, "against": 30}, "needs a window and a longer", id="a ratio to itself"),
        pytest.param("ratio", {"window": 30, "against": 7}, "needs a window and a longer", id="a ratio upside down"),
        pytest.param(
            "days_until", {"measure": "loaded", "window": 7}, "days_until and overdue", id="until in a window"
        ),
        pytest.param("days_until", {}, "days_until needs a measure", id="days until nothing"),
        pytest.param("share", {"window": 7}, "a share needs `where`", id="a share of everything"),
        pytest.param("count", {"where": "minutes > 5"}, "require each other", id="a condition without a word"),
        pytest.param("count", {"what": "long"}, "require each other", id="a word without a condition"),
        pytest.param(
            "count", {"where": "true", "what": "Long ones"}, "lower-case letters", id="a word that is no name"
        ),
        pytest.param("value", {"measure": "minutes"}, "value is for calendar and contract", id="a log's value"),
        pytest.param(
            "count", {"source": "contract"}, "value is for calendar and contract", id="a count of the contract"
        ),
        pytest.param(
            "value",
            {"source": "calendar", "measure": "weekday", "where": "true", "what": "all"},
            "takes no `where`",
            id="a value with a condition",
        ),
        pytest.param("count", {"window": 7, "against": 30}, "visits_count_7d.* `against`", id="against without ratio"),
        pytest.param("median", {"window": 7}, "visits_median_7d.* median", id="an aggregation that does not exist"),
    ],
)
def test_a_wrong_feature_declaration_is_an_error_with_its_name(
    aggregation: str, rest: dict[str, Any], expected_text: str
):
    with pytest.raises(DeclarationError, match=expected_text) as caught:
        feature(aggregation, **rest)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("declared", "expected_text"),
    [
        pytest.param(
            [feature(source="views")], "views_count_all: no source views; the sources are visits", id="no source"
        ),
        pytest.param([feature("sum", measure="hours")], "visits has no column hours; it has", id="no column"),
        pytest.param([feature("max", measure="device")], "visits_device_max_all: .* device is not a number", id="text"),
        pytest.param([feature("max", measure="day")], "visits_day_max_all: .* day is not a number", id="a date"),
        pytest.param(
            [feature("days_until", measure="minutes")], "minutes is neither a date nor a timestamp", id="until 7"
        ),
        pytest.param([feature("distinct", measure="hours")], "visits has no column hours", id="distinct of nothing"),
        pytest.param(
            [feature("value", source="calendar", measure="moon")],
            "calendar has no measure moon; it has",
            id="no measure",
        ),
        pytest.param(
            [feature("value", source="contract", measure="promo")], "the project declares no contract", id="no contract"
        ),
        pytest.param(
            [feature("count", **TV), feature("count", window=7, where="device = 'web'", what="tv")],
            "tv has the condition \"device = 'web'\", but another feature has \"device = 'tv'\"",
            id="one word twice",
        ),
        pytest.param([feature(), feature(unit="other")], "visits_count_all is declared twice", id="one name twice"),
    ],
)
def test_features_that_do_not_fit_the_sources_are_an_error(declared: list[Feature], expected_text: str):
    with pytest.raises(DeclarationError, match=expected_text) as caught:
        check(declared, [source()])
    assert is_one_sentence(caught.value)


def test_two_features_with_one_name_are_an_error():
    who, day = source().column("user_id"), source().column("day")
    rows = source(name="calls_minutes", columns=(who, day, Column("paid", "double", "of them paid")))
    calls = source(name="calls", columns=(who, day, Column("minutes_paid", "double", "of them paid")))
    pair = [
        feature("sum", source="calls_minutes", measure="paid"),
        feature("sum", source="calls", measure="minutes_paid"),
    ]
    with pytest.raises(DeclarationError, match="calls_minutes_paid_sum_all is declared twice"):
        check(pair, [rows, calls])

"""Alerts that are read: one sentence for a population and a group, the farthest first."""

from monitoring import Drift, drift_alerts, expected_sentence
from tests.unit.builders import feature

FEATURES = [
    feature("count", window=7, description="visits in the last 7 days"),
    feature("count", window=30, description="visits in the last 30 days"),
    feature("count", description="visits in all"),
    feature("days_since_last", description="days since the last visit", reason="Has not come for a while"),
]
STABLE = Drift("visits_count_all", 0.1, 0.2)
WEEK = Drift("visits_count_7d", 0.5, 0.2, 0.001, 0.25)
MONTH = Drift("visits_count_30d", 0.9, 0.2, 0.001, 0.6)
NULLS = Drift("visits_count_7d:null_share", 0.15, 0.1, 0.001)
SILENCE = Drift("visits_days_since_last", 0.3, 0.2, 0.001, 0.31)


def test_a_group_is_told_in_one_sentence_by_the_feature_farthest_beyond_its_bound():
    assert drift_alerts({"paid": [STABLE, WEEK, MONTH, NULLS, SILENCE]}, FEATURES) == [
        "paid, Comes rarely: 2 of 3 features drifted, most of all visits in the last 7 days "
        "(visits_count_7d: PSI 0.50, on earlier mornings at most 0.25)"
    ]


def test_a_jump_of_nulls_is_told_as_one():
    (told,) = drift_alerts({"paid": [NULLS]}, FEATURES)
    assert told.endswith("(visits_count_7d: the share of rows without a value changed by 15%)")


def test_groups_and_populations_are_told_apart_the_farthest_first():
    far = Drift("visits_days_since_last", 5, 0.2)
    told = drift_alerts({"trial": [WEEK], "paid": [WEEK, far]}, FEATURES)
    assert [one.split(":")[0] for one in told] == [
        "paid, Has not come for a while", "paid, Comes rarely", "trial, Comes rarely",
    ]  # fmt: skip


def test_what_is_stable_or_expected_calls_nobody_and_what_is_expected_is_counted_once():
    assert drift_alerts({"paid": [STABLE, SILENCE]}, FEATURES) == []
    assert expected_sentence([STABLE, WEEK]) is None
    told = expected_sentence([SILENCE, Drift("visits_days_since_last:null_share", 0.2, 0.1, 0, 0.3), STABLE])
    assert told is not None
    assert told.startswith("1 feature moved hardly more than on earlier mornings")


def test_nobody_to_compare_is_one_sentence_and_not_one_for_each_group():
    told = drift_alerts({"trial": [Drift(one.name, float("inf"), 0.2) for one in FEATURES]}, FEATURES)
    assert told == ["trial: nobody is there today to compare"]

"""Alerts: one sentence for each population and group of features, the largest drift first."""

from datetime import date

import pytest

from monitoring import FeatureDrift, drift_alerts, normal_range_sentence
from monitoring.alerts import promise_alerts
from monitoring.quality import ScoreQuality
from tests.unit.builders import feature

FEATURES = [
    feature("count", window=7, description="visits in the last 7 days"),
    feature("count", window=30, description="visits in the last 30 days"),
    feature("count", description="visits in all"),
    feature("days_since_last", description="days since the last visit", reason="Has not come for a while"),
]
STABLE = FeatureDrift("visits_count_all", 0.1, 0.2)
WEEK = FeatureDrift("visits_count_7d", 0.5, 0.2, 0.001, 0.25)
MONTH = FeatureDrift("visits_count_30d", 0.9, 0.2, 0.001, 0.6)
NULLS = FeatureDrift("visits_count_7d:null_share", 0.15, 0.1, 0.001)
SILENCE = FeatureDrift("visits_days_since_last", 0.3, 0.2, 0.001, 0.31)


def test_a_group_has_one_alert_that_names_the_feature_with_the_largest_drift():
    assert drift_alerts({"paid": [STABLE, WEEK, MONTH, NULLS, SILENCE]}, FEATURES) == [
        "paid, Comes rarely: 2 of 3 features drifted, most of all visits in the last 7 days "
        "(visits_count_7d: PSI 0.50, on earlier dates at most 0.25)"
    ]


def test_a_change_of_the_share_of_nulls_is_an_alert():
    (alert,) = drift_alerts({"paid": [NULLS]}, FEATURES)
    assert alert.endswith("(visits_count_7d: the share of rows without a value changed by 15%)")


def test_each_group_of_each_population_has_its_alert_the_largest_drift_first():
    far = FeatureDrift("visits_days_since_last", 5, 0.2)
    alerts = drift_alerts({"trial": [WEEK], "paid": [WEEK, far]}, FEATURES)
    assert [alert.split(":")[0] for alert in alerts] == [
        "paid, Has not come for a while", "paid, Comes rarely", "trial, Comes rarely",
    ]  # fmt: skip


def test_stable_and_expected_features_give_no_alert_and_expected_ones_are_counted_once():
    assert drift_alerts({"paid": [STABLE, SILENCE]}, FEATURES) == []
    assert normal_range_sentence([STABLE, WEEK]) is None
    sentence = normal_range_sentence(
        [SILENCE, FeatureDrift("visits_days_since_last:null_share", 0.2, 0.1, 0, 0.3), STABLE]
    )
    assert sentence is not None
    assert sentence.startswith("1 feature moved within the normal range")


def test_no_row_to_compare_is_one_alert_and_not_one_for_each_group():
    alerts = drift_alerts({"trial": [FeatureDrift(feature.name, float("inf"), 0.2) for feature in FEATURES]}, FEATURES)
    assert alerts == ["trial: no row to compare today"]


@pytest.mark.parametrize(("auc_high", "alerts"), [(0.789, 1), (0.791, 0)], ids=["apart", "overlapping"])
def test_matured_scores_surely_below_the_evidence_of_their_version_are_an_alert(auc_high: float, alerts: int):
    quality = ScoreQuality(date(2026, 9, 1), "paid", "shop_paid", "3", 900, 80, 0.75, 0.71, auc_high, 0.2, 0.01)
    promised = {("shop_paid", "3"): {"value": 0.82, "low": 0.79, "high": 0.85}}
    sentences = promise_alerts([quality], promised)
    assert len(sentences) == alerts
    assert all(sentence.endswith("is below that of its evidence, 0.820 (0.790 to 0.850)") for sentence in sentences)
    assert promise_alerts([quality], {("shop_paid", "4"): promised["shop_paid", "3"]}) == []

"""Quality of published scores against figures calculated by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas.errors import MergeError

from monitoring import measure_quality

DAY = date(1998, 3, 1)
SCORES = pd.DataFrame(
    {
        "user_id": [1, 2, 3, 4, 5, 6],
        "population": ["paid"] * 4 + ["trial"] * 2,
        "churn_probability": [0.9, 0.6, 0.4, 0.1, 0.8, 0.2],
        "model_name": ["shop_paid"] * 4 + ["shop_trial"] * 2,
        "model_version": ["3"] * 4 + ["1"] * 2,
    }
)
LABELS = pd.DataFrame({"user_id": [6, 5, 4, 3, 2, 1], "label": [0, 1, 0, 1, 0, 1]})


def test_each_population_is_measured_separately_against_its_labels():
    paid, trial = measure_quality(DAY, SCORES, LABELS, "user_id")
    assert (paid.score_date, paid.population, paid.model_name, paid.model_version) == (DAY, "paid", "shop_paid", "3")
    assert (paid.rows, paid.left) == (4, 2)
    # Left: 0.9 and 0.4. Stayed: 0.6 and 0.1. Three of the four pairs are in the right order.
    assert paid.auc == 0.75
    assert paid.auc_low <= paid.auc <= paid.auc_high
    assert paid.log_loss == pytest.approx(-np.log([0.9, 0.4, 0.4, 0.9]).mean())
    assert paid.calibration_error == pytest.approx((0.1 + 0.6 + 0.6 + 0.1) / 4)
    assert (trial.rows, trial.left, trial.auc) == (2, 1, 1.0)


def test_two_versions_of_one_day_are_measured_separately():
    scores = SCORES.iloc[:4].assign(model_version=["3", "3", "4", "4"])
    results = measure_quality(DAY, scores, LABELS, "user_id")
    assert [(result.model_version, result.rows, result.auc) for result in results] == [("3", 2, 1.0), ("4", 2, 1.0)]


def test_one_class_has_no_auc_and_still_a_log_loss():
    (result,) = measure_quality(DAY, SCORES.iloc[:4], LABELS.assign(label=0), "user_id")
    assert np.isnan([result.auc, result.auc_low, result.auc_high]).all()
    assert result.log_loss == pytest.approx(-np.log([0.1, 0.4, 0.6, 0.9]).mean())


def test_a_row_without_a_label_is_left_out():
    (result,) = measure_quality(DAY, SCORES.iloc[:4], LABELS[LABELS["user_id"] != 2], "user_id")
    assert (result.rows, result.auc) == (3, 1.0)


def test_no_row_gives_no_result():
    assert measure_quality(DAY, SCORES.iloc[:0], LABELS, "user_id") == []


def test_an_entity_scored_twice_is_an_error():
    with pytest.raises(MergeError, match="not a one-to-one merge"):
        measure_quality(DAY, pd.concat([SCORES, SCORES.iloc[:1]]), LABELS, "user_id")

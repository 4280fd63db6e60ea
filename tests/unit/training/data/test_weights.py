"""Older snapshots count less, by a half-life in days."""

from datetime import date

import numpy as np
import pytest

from tests.unit.builders import frame
from training.data.weights import family_params, recency_weights

ROWS = frame([date(1997, 1, 1), date(1997, 4, 1), date(1997, 6, 30)])


def test_a_snapshot_one_half_life_older_counts_half():
    weights = recency_weights(ROWS, 90)
    assert weights is not None
    of_date = [float(weights[ROWS.as_of == day][0]) for day in np.unique(ROWS.as_of)]
    assert of_date[0] / of_date[1] == pytest.approx(0.5)
    assert of_date[1] / of_date[2] == pytest.approx(0.5)
    assert weights.mean() == pytest.approx(1.0)


def test_without_a_half_life_all_count_alike():
    assert recency_weights(ROWS, None) is None


def test_the_half_life_is_no_parameter_of_the_family():
    assert family_params({"half_life": 90, "depth": 3}) == {"depth": 3}

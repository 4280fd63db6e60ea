"""What comes back once a year is not learnt from before a year was seen."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from features import Feature, monthly
from features.declare import calendar
from tests.unit.builders import feature, frame
from training.data.immature_seasonal_features import immature_seasonal_features, mask_features


def of_the_date(measure: str) -> Feature:
    return Feature("calendar", "value", "days", "never null", "Season", "the date", measure=measure)


FEATURES = [feature("count"), *map(of_the_date, calendar.MEASURES)]
YEARLY = {"calendar_year_sine", "calendar_year_cosine", "calendar_days_to_new_year"}


@pytest.mark.parametrize(
    ("last", "left_out"),
    [
        pytest.param(date(2025, 8, 1), YEARLY, id="one snapshot"),
        pytest.param(date(2026, 7, 1), YEARLY, id="twelve months"),
        pytest.param(date(2026, 8, 1), set(), id="thirteen: the first month comes back"),
    ],
)
def test_yearly_features_want_thirteen_months(last: date, left_out: set[str]):
    days = [day for day in monthly(date(2025, 8, 1), date(2026, 9, 1)) if day <= last]
    assert set(immature_seasonal_features(FEATURES, days)) == left_out


def test_only_the_named_columns_are_null_afterwards():
    rows = frame([date(2025, 8, 1)])
    blank: Any = mask_features(rows, rows.names[1:2])
    assert np.isnan(blank.rows[:, 1]).all()
    assert np.array_equal(blank.rows[:, [0, 2]], rows.rows[:, [0, 2]], equal_nan=True)
    assert np.array_equal(mask_features(rows, ()).rows, rows.rows, equal_nan=True)

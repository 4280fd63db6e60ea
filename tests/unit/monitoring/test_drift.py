"""Drift is reported for features that moved beyond chance and beyond their normal range, and for no others."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from monitoring import FeatureDrift, baseline_dates, measure_drift, normal_ranges, write_report
from monitoring.distance import p_values
from monitoring.drift import REPORTED_FEATURES

RNG = np.random.default_rng(4)
BEFORE, TODAY = RNG.normal(0, 1, 3000), RNG.normal(0, 1, 3000)
FEW, MANY = RNG.integers(0, 3, 3000), RNG.integers(0, 3, 3000)
NOTHING = np.full(3000, np.nan)


def some_null(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    return np.where(np.arange(len(values)) < share * len(values), np.nan, values)


def table(rows: int, seed: int, features: int = 200) -> pd.DataFrame:
    """Features of all kinds, a tenth of the values null: bell-shaped, skewed, counts, yes or no, one value mostly."""
    rng = np.random.default_rng(seed)
    kinds = [
        lambda: rng.normal(size=rows),
        lambda: rng.lognormal(size=rows),
        lambda: rng.poisson(4, rows),
        lambda: rng.integers(0, 2, rows),
        lambda: rng.binomial(1, 0.02, rows) * rng.exponential(size=rows),
    ]
    values_by_name = {f"f{place}": kinds[place % len(kinds)]().astype(float) for place in range(features)}
    return pd.DataFrame(
        {name: np.where(rng.random(rows) < 0.1, np.nan, values) for name, values in values_by_name.items()}
    )


def drifted(reference: pd.DataFrame, current: pd.DataFrame) -> set[str]:
    return {drift.feature for drift in measure_drift(reference, current, {}) if drift.verdict == "drift"}


@pytest.mark.parametrize(
    ("before", "today", "expected"),
    [
        pytest.param(BEFORE, BEFORE, set(), id="the very same rows"),
        pytest.param(BEFORE, TODAY, set(), id="other rows of the same kind"),
        pytest.param(BEFORE, TODAY + 1, {"moving"}, id="everybody one spread further"),
        pytest.param(BEFORE, TODAY * 3, {"moving"}, id="three times as wide"),
        pytest.param(np.zeros(3000), np.zeros(3000), set(), id="one value, then and now"),
        pytest.param(np.zeros(3000), np.full(3000, 5.0), {"moving"}, id="one value, now another"),
        pytest.param(NOTHING, NOTHING, set(), id="null, then and now"),
        pytest.param(BEFORE, NOTHING, {"moving:null_share"}, id="all null now"),
        pytest.param(NOTHING, TODAY, {"moving:null_share"}, id="all null then"),
        pytest.param(BEFORE, some_null(TODAY, 0.3), {"moving:null_share"}, id="three tenths null now"),
        pytest.param(some_null(BEFORE, 0.3), some_null(TODAY, 0.35), set(), id="hardly more nulls"),
        pytest.param(FEW, MANY, set(), id="whole numbers of few values, other rows"),
        pytest.param(FEW[:300], MANY[:300], set(), id="whole numbers of few values, few rows"),
        pytest.param(FEW[:300], np.minimum(MANY[:300], 1), {"moving"}, id="one of few values gone"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
def test_a_feature_drifts_when_its_values_or_its_nulls_move(
    before: NDArray[np.float64], today: NDArray[np.float64], expected: set[str]
):
    steady = len(before)
    reference = pd.DataFrame({"moving": before, "steady": BEFORE[:steady]})
    current = pd.DataFrame({"moving": today, "steady": TODAY[:steady]})
    drifts = measure_drift(reference, current, {})
    assert "steady" in {drift.feature for drift in drifts}
    assert {drift.feature for drift in drifts if drift.verdict == "drift"} == expected


def test_p_values_without_drift_are_as_small_as_nominal():
    """Of 200 features, at most the nominal share has a small p-value; of those with continuous values, that share."""
    chance = p_values(table(811, seed=1), table(270, seed=2))
    values = np.array(list(chance.values()))
    assert len(values) > 380
    for level in (0.05, 0.2):
        assert np.mean(values <= level) < level + 3 * np.sqrt(level * (1 - level) / len(values))
    smooth = np.array([chance[f"f{place}"] for place in range(200) if place % 5 < 2])
    assert abs(np.mean(smooth <= level) - level) < 3 * np.sqrt(level * (1 - level) / len(smooth))


@pytest.mark.parametrize(("then", "now"), [(811, 270), (60, 25)])
def test_few_rows_without_drift_give_no_drift(then: int, now: int):
    reference, current = table(then, seed=3), table(now, seed=4)
    assert drifted(reference, current) == set()


def test_distances_of_few_rows_exceed_the_threshold_by_chance():
    drifts = measure_drift(table(60, seed=3), table(25, seed=4), {})
    assert sum(drift.distance > drift.threshold for drift in drifts) > 20


def test_only_the_shifted_features_among_two_hundred_of_few_rows_drift():
    reference, current = table(811, seed=5), table(270, seed=6)
    current["f10"] += 1
    current["f16"] *= 4
    current["f7"] = current["f7"].where(np.arange(270) > 100)
    assert drifted(reference, current) == {"f10", "f16", "f7:null_share"}


def test_a_distance_within_the_normal_range_is_expected_and_a_larger_one_is_drift():
    ageing = [pd.DataFrame({"tenure": BEFORE * 10 + 30 * month, "steady": BEFORE}) for month in range(6)]
    normal = normal_ranges((ageing[month], ageing[month + 1]) for month in range(3))
    assert normal["steady"] == 0

    def verdict(current: pd.DataFrame) -> str:
        drifts = measure_drift(ageing[4], current, normal)
        return next(drift.verdict for drift in drifts if drift.feature == "tenure")

    assert verdict(ageing[5]) == "expected"
    assert verdict(ageing[5] * 3) == "drift"


def test_a_feature_with_a_known_cause_is_reported_and_does_not_drift():
    reference, current = pd.DataFrame({"month": np.full(300, 8.0)}), pd.DataFrame({"month": np.full(300, 10.0)})
    (month_drift,) = measure_drift(reference, current, {}, ["month"])
    assert (month_drift.verdict, month_drift.distance > 0.2) == ("expected", True)


def test_the_report_shows_the_features_with_the_largest_distances(tmp_path: Path):
    names = [f"still_{number}" for number in range(REPORTED_FEATURES)]
    reference = pd.DataFrame({**dict.fromkeys(names, BEFORE), "moving": BEFORE})
    current = pd.DataFrame({**dict.fromkeys(names, TODAY), "moving": TODAY + 3})
    write_report(reference, current, measure_drift(reference, current, {}), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert [name for name in names if name not in page] == names[-1:]
    assert "moving" in page


def test_columns_without_any_value_leave_no_report_and_no_drift(tmp_path: Path):
    empty = pd.DataFrame({"a": NOTHING, "b": [None] * 3000})
    assert measure_drift(empty, empty, {}) == []
    write_report(empty, empty, [], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_no_row_today_is_drift():
    reference = pd.DataFrame({"moving": BEFORE})
    drifts = measure_drift(reference, reference.iloc[:0], {"moving": 3})
    assert "drift" in {drift.verdict for drift in drifts}


@pytest.mark.parametrize(
    ("distance", "p_value", "normal", "verdict"),
    [
        (0.2, 0, 0, "stable"), (0.2001, 0, 0, "drift"), (0.0, 0, 0, "stable"), (0.3, 0.06, 0, "stable"),
        (0.3, 0.05, 0, "drift"), (0.3, 0, 0.3, "expected"), (0.3, 0, 0.24, "expected"), (0.3, 0, 0.23, "drift"),
        (0.1, 0, 0.05, "stable"),
    ],
)  # fmt: skip
def test_drift_needs_distance_significance_and_more_than_the_normal_range(
    distance: float, p_value: float, normal: float, verdict: str
):
    assert FeatureDrift("moving", distance, 0.2, p_value, normal).verdict == verdict


MONTHS = [date(2025, month, 1) for month in range(1, 13)]


def test_baseline_dates_have_the_layout_of_today_and_end_with_the_evidence():
    references = baseline_dates(MONTHS, [date(2025, 8, 1), date(2025, 9, 1)], date(2025, 11, 1))  # a gap of 61 days
    assert list(references) == MONTHS[4:9]
    assert references[date(2025, 9, 1)] == [date(2025, 6, 1), date(2025, 7, 1)]
    assert references[date(2025, 5, 1)] == [date(2025, 2, 1), date(2025, 3, 1)]


@pytest.mark.parametrize(
    ("evidence_dates", "day"),
    [([date(2025, 2, 1)], date(2025, 6, 1)), ([date(2025, 9, 1)], date(2025, 9, 1)), (MONTHS[:6], date(2025, 8, 1))],
    ids=["too long ago", "today is an evidence date", "too little history"],
)
def test_without_earlier_dates_of_that_layout_there_is_no_baseline(evidence_dates: list[date], day: date):
    assert baseline_dates(MONTHS, evidence_dates, day) == {}

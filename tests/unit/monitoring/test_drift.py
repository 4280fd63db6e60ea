"""What moved is found, what did not is left alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from monitoring import Drift, drift

RNG = np.random.default_rng(4)
BEFORE, TODAY = RNG.normal(0, 1, 3000), RNG.normal(0, 1, 3000)
NOTHING = np.full(3000, np.nan)


def some_null(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    return np.where(np.arange(len(values)) < share * len(values), np.nan, values)


def moved(before: NDArray[np.float64], today: NDArray[np.float64], page: Path) -> set[str]:
    """Which of one feature's measures drifted, beside a feature that stays as it is."""
    found = drift(
        pd.DataFrame({"moving": before, "steady": BEFORE}), pd.DataFrame({"moving": today, "steady": TODAY}), page
    )
    assert "steady" in {one.feature for one in found}
    return {one.feature for one in found if one.verdict == "drift"}


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
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
def test_a_feature_drifts_when_its_values_or_its_nulls_move(
    before: NDArray[np.float64], today: NDArray[np.float64], expected: set[str], tmp_path: Path
):
    assert moved(before, today, tmp_path / "page.html") == expected


def test_the_report_is_written_for_a_person(tmp_path: Path):
    drift(pd.DataFrame({"moving": BEFORE}), pd.DataFrame({"moving": TODAY}), tmp_path / "page.html")
    assert "moving" in (tmp_path / "page.html").read_text()


def test_columns_without_any_value_leave_no_report_and_no_drift(tmp_path: Path):
    empty = pd.DataFrame({"a": NOTHING, "b": [None] * 3000})
    assert drift(empty, empty, tmp_path / "page.html") == []
    assert not (tmp_path / "page.html").exists()


def test_nobody_to_score_today_is_not_stable(tmp_path: Path):
    reference = pd.DataFrame({"moving": BEFORE})
    found = drift(reference, reference.iloc[:0], tmp_path / "page.html")
    assert "drift" in {one.verdict for one in found}


@pytest.mark.parametrize(("distance", "verdict"), [(0.2, "stable"), (0.2001, "drift"), (0.0, "stable")])
def test_the_verdict_is_drift_above_the_threshold_only(distance: float, verdict: str):
    assert Drift("moving", distance, 0.2).verdict == verdict

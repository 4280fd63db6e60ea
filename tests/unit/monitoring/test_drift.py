"""What moved is found, what did not is left alone, and what always moves is told from both."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from monitoring import Drift, drift, rehearsals, usual_distances, write_report
from monitoring.distance import chances
from monitoring.drift import SHOWN

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
    made = {f"f{place}": kinds[place % len(kinds)]().astype(float) for place in range(features)}
    return pd.DataFrame({name: np.where(rng.random(rows) < 0.1, np.nan, values) for name, values in made.items()})


def drifted(reference: pd.DataFrame, current: pd.DataFrame) -> set[str]:
    return {one.feature for one in drift(reference, current, {}) if one.verdict == "drift"}


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
    found = drift(reference, current, {})
    assert "steady" in {one.feature for one in found}
    assert {one.feature for one in found if one.verdict == "drift"} == expected


def test_where_nothing_moves_chance_is_told_as_chance():
    """Of the p-values of 200 features no more than nominal are small; of those with smooth values as many."""
    chance = chances(table(811, seed=1), table(270, seed=2))
    values = np.array(list(chance.values()))
    assert len(values) > 380
    for level in (0.05, 0.2):
        assert np.mean(values <= level) < level + 3 * np.sqrt(level * (1 - level) / len(values))
    smooth = np.array([chance[f"f{place}"] for place in range(200) if place % 5 < 2])
    assert abs(np.mean(smooth <= level) - level) < 3 * np.sqrt(level * (1 - level) / len(smooth))


@pytest.mark.parametrize(("then", "now"), [(811, 270), (60, 25)])
def test_few_people_who_did_not_move_call_nobody(then: int, now: int):
    reference, current = table(then, seed=3), table(now, seed=4)
    assert drifted(reference, current) == set()


def test_by_distance_alone_few_people_would_call_somebody():
    found = drift(table(60, seed=3), table(25, seed=4), {})
    assert sum(one.distance > one.threshold for one in found) > 20


def test_a_real_shift_among_two_hundred_features_of_few_people_is_found_and_nothing_else():
    reference, current = table(811, seed=5), table(270, seed=6)
    current["f10"] += 1
    current["f16"] *= 4
    current["f7"] = current["f7"].where(np.arange(270) > 100)
    assert drifted(reference, current) == {"f10", "f16", "f7:null_share"}


def test_what_moves_as_far_every_morning_is_expected_and_what_moves_farther_drifts():
    ageing = [pd.DataFrame({"tenure": BEFORE * 10 + 30 * month, "steady": BEFORE}) for month in range(6)]
    usual = usual_distances((ageing[month], ageing[month + 1]) for month in range(3))
    assert usual["steady"] == 0

    def verdict(current: pd.DataFrame) -> str:
        found = drift(ageing[4], current, usual)
        return next(one.verdict for one in found if one.feature == "tenure")

    assert verdict(ageing[5]) == "expected"
    assert verdict(ageing[5] * 3) == "drift"


def test_what_moves_by_construction_is_reported_and_calls_nobody():
    reference, current = pd.DataFrame({"month": np.full(300, 8.0)}), pd.DataFrame({"month": np.full(300, 10.0)})
    (found,) = drift(reference, current, {}, ["month"])
    assert (found.verdict, found.distance > 0.2) == ("expected", True)


def test_the_report_shows_a_person_what_moved_the_farthest(tmp_path: Path):
    names = [f"still_{number}" for number in range(SHOWN)]
    reference = pd.DataFrame({**dict.fromkeys(names, BEFORE), "moving": BEFORE})
    current = pd.DataFrame({**dict.fromkeys(names, TODAY), "moving": TODAY + 3})
    write_report(reference, current, drift(reference, current, {}), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert [name for name in names if name not in page] == names[-1:]
    assert "moving" in page


def test_columns_without_any_value_leave_no_report_and_no_drift(tmp_path: Path):
    empty = pd.DataFrame({"a": NOTHING, "b": [None] * 3000})
    assert drift(empty, empty, {}) == []
    write_report(empty, empty, [], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_nobody_to_score_today_is_not_stable():
    reference = pd.DataFrame({"moving": BEFORE})
    found = drift(reference, reference.iloc[:0], {"moving": 3})
    assert "drift" in {one.verdict for one in found}


@pytest.mark.parametrize(
    ("distance", "p_value", "usual", "verdict"),
    [
        (0.2, 0, 0, "stable"), (0.2001, 0, 0, "drift"), (0.0, 0, 0, "stable"), (0.3, 0.06, 0, "stable"),
        (0.3, 0.05, 0, "drift"), (0.3, 0, 0.3, "expected"), (0.3, 0, 0.24, "expected"), (0.3, 0, 0.23, "drift"),
        (0.1, 0, 0.05, "stable"),
    ],
)  # fmt: skip
def test_a_verdict_needs_distance_no_chance_and_more_than_usual(
    distance: float, p_value: float, usual: float, verdict: str
):
    assert Drift("moving", distance, 0.2, p_value, usual).verdict == verdict


MONTHS = [date(2025, month, 1) for month in range(1, 13)]


def test_rehearsals_have_the_shape_of_today_and_end_where_the_judged_dates_do():
    found = rehearsals(MONTHS, [date(2025, 8, 1), date(2025, 9, 1)], date(2025, 11, 1))  # 61 days after the last
    assert list(found) == MONTHS[4:9]
    assert found[date(2025, 9, 1)] == [date(2025, 6, 1), date(2025, 7, 1)]
    assert found[date(2025, 5, 1)] == [date(2025, 2, 1), date(2025, 3, 1)]


@pytest.mark.parametrize(
    ("judged", "day"),
    [([date(2025, 2, 1)], date(2025, 6, 1)), ([date(2025, 9, 1)], date(2025, 9, 1)), (MONTHS[:6], date(2025, 8, 1))],
    ids=["too long ago", "today itself was judged", "too little history"],
)
def test_without_earlier_mornings_of_that_shape_there_is_no_rehearsal(judged: list[date], day: date):
    assert rehearsals(MONTHS, judged, day) == {}

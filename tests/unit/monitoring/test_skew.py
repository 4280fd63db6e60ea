"""Logged features against a backfill: which days, whose rows, and what a difference says."""

import os
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from monitoring import days_to_compare, skew
from serving import Logged
from stack.folders.checked_folder import BrokenFolderError
from tests.unit.builders import is_one_sentence

TODAY = date(2026, 10, 31)


@pytest.mark.parametrize(
    ("back", "wanted"),
    [
        pytest.param([0], [], id="the first morning"),
        pytest.param([1, 0], [1], id="the second"),
        pytest.param([40, 29, 28, 20, 3, 0], [28, 3], id="four weeks ago and the latest"),
        pytest.param([29], [], id="too long ago"),
    ],
)
def test_which_days_are_compared(back: list[int], wanted: list[int]):
    logged = [TODAY - timedelta(days=days) for days in back]
    assert days_to_compare(logged, TODAY) == [TODAY - timedelta(days=days) for days in wanted]


def rows(count: int) -> pd.DataFrame:
    numbers = range(count)
    return pd.DataFrame({"user_id": [f"u{n}" for n in numbers], "population": "paid",
                         "visits": [None if n == 3 else n / 7 for n in numbers]})  # fmt: skip


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    (tmp_path / "snapshot").mkdir()
    rows(3000).to_parquet(tmp_path / "snapshot" / "a.parquet")
    kept = Logged(tmp_path, "shop")
    assert kept.keep(TODAY, tmp_path / "snapshot", "user_id") == 1000
    return kept


def test_a_sample_is_kept_and_the_same_one_again(logged: Logged, tmp_path: Path):
    before = logged.read(TODAY)
    logged.keep(TODAY, tmp_path / "snapshot", "user_id")
    pd.testing.assert_frame_equal(logged.read(TODAY), before)
    assert logged.days() == [TODAY]
    assert len(set(before["user_id"])) == 1000


def test_a_logged_day_whose_file_is_cut_is_told(logged: Logged):
    os.truncate(logged.folder / str(TODAY) / "rows.parquet", 99)
    with pytest.raises(BrokenFolderError, match=r"rows\.parquet has 99 bytes .* or score the day again") as caught:
        logged.read(TODAY)
    assert is_one_sentence(caught.value)


def test_a_day_logged_by_an_earlier_release_is_read_and_told_if_it_is_cut(logged: Logged, tmp_path: Path):
    older = logged.folder / f"{TODAY - timedelta(days=1)}.parquet"
    rows(5).to_parquet(older, index=False)
    assert logged.days() == [TODAY - timedelta(days=1), TODAY]
    assert len(logged.read(TODAY - timedelta(days=1))) == 5
    os.truncate(older, 99)
    with pytest.raises(BrokenFolderError, match="is no complete Parquet file") as caught:
        logged.read(TODAY - timedelta(days=1))
    assert is_one_sentence(caught.value)
    logged.keep(TODAY - timedelta(days=1), tmp_path / "snapshot", "user_id")
    assert not older.exists()


def test_a_backfill_that_gives_the_same_is_no_skew(logged: Logged):
    found = skew(logged.read(TODAY), rows(3000).sample(frac=1, random_state=1), "user_id", ["visits", "new_feature"])
    assert found.passed, found.sentence


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda row: row["visits"] + 1e-12, id="the last digit"),
        pytest.param(lambda row: None, id="a null"),
    ],
)
def test_one_value_that_differs_is_skew(logged: Logged, change):
    sample, again = logged.read(TODAY), rows(3000)
    where = again.index[again["user_id"] == sample.loc[10, "user_id"]][0]
    again.loc[where, "visits"] = change(again.loc[where])
    found = skew(sample, again, "user_id", ["visits"])
    assert not found.passed
    assert "visits in 1 of 1000 rows" in found.sentence


def test_somebody_who_is_no_longer_there_is_skew(logged: Logged):
    gone = rows(3000).query(f"user_id != '{logged.read(TODAY).loc[0, 'user_id']}'")
    assert not skew(logged.read(TODAY), gone, "user_id", ["visits"]).passed

"""Logged features against a backfill: the days and rows that are compared, and the finding about a difference."""

import os
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from monitoring import days_to_compare, measure_skew
from serving import FeatureLog
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
def feature_log(tmp_path: Path) -> FeatureLog:
    (tmp_path / "snapshot").mkdir()
    rows(3000).to_parquet(tmp_path / "snapshot" / "a.parquet")
    log = FeatureLog(tmp_path, "shop")
    assert log.write(TODAY, tmp_path / "snapshot", "user_id") == 1000
    return log


def test_a_second_write_logs_the_same_sample(feature_log: FeatureLog, tmp_path: Path):
    before = feature_log.read(TODAY)
    feature_log.write(TODAY, tmp_path / "snapshot", "user_id")
    pd.testing.assert_frame_equal(feature_log.read(TODAY), before)
    assert feature_log.days() == [TODAY]
    assert len(set(before["user_id"])) == 1000


def test_a_truncated_file_of_the_log_is_an_error(feature_log: FeatureLog):
    os.truncate(feature_log.folder / str(TODAY) / "rows.parquet", 99)
    with pytest.raises(BrokenFolderError, match=r"rows\.parquet has 99 bytes .* or score the day again") as caught:
        feature_log.read(TODAY)
    assert is_one_sentence(caught.value)


def test_a_day_logged_by_an_earlier_release_is_read_and_an_error_if_truncated(feature_log: FeatureLog, tmp_path: Path):
    older = feature_log.folder / f"{TODAY - timedelta(days=1)}.parquet"
    rows(5).to_parquet(older, index=False)
    assert feature_log.days() == [TODAY - timedelta(days=1), TODAY]
    assert len(feature_log.read(TODAY - timedelta(days=1))) == 5
    os.truncate(older, 99)
    with pytest.raises(BrokenFolderError, match="is no complete Parquet file") as caught:
        feature_log.read(TODAY - timedelta(days=1))
    assert is_one_sentence(caught.value)
    feature_log.write(TODAY - timedelta(days=1), tmp_path / "snapshot", "user_id")
    assert not older.exists()


def test_an_equal_backfill_is_no_skew(feature_log: FeatureLog):
    finding = measure_skew(
        feature_log.read(TODAY), rows(3000).sample(frac=1, random_state=1), "user_id", ["visits", "new_feature"]
    )
    assert finding.passed, finding.sentence


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda row: row["visits"] + 1e-12, id="the last digit"),
        pytest.param(lambda row: None, id="a null"),
    ],
)
def test_one_different_value_is_skew(feature_log: FeatureLog, change):
    sample, backfill = feature_log.read(TODAY), rows(3000)
    where = backfill.index[backfill["user_id"] == sample.loc[10, "user_id"]][0]
    backfill.loc[where, "visits"] = change(backfill.loc[where])
    finding = measure_skew(sample, backfill, "user_id", ["visits"])
    assert not finding.passed
    assert "visits in 1 of 1000 rows" in finding.sentence


def test_a_missing_entity_is_skew(feature_log: FeatureLog):
    gone = rows(3000).query(f"user_id != '{feature_log.read(TODAY).loc[0, 'user_id']}'")
    assert not measure_skew(feature_log.read(TODAY), gone, "user_id", ["visits"]).passed

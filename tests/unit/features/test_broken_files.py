"""Snapshots, partial aggregates and states that lost rows are rebuilt, as they were."""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet

from features import DuckEngine, Snapshots
from features.snapshot_files import check_snapshot
from stack.folders.checked_folder import RECORD, BrokenFolderError
from tests.spark.features.logs import random_log, timed
from tests.unit.builders import is_one_sentence
from tests.unit.features import test_window_states
from tests.unit.features.test_reference import FIRST
from tests.unit.features.test_window_states import ZONE, Mornings, keep

#: a few features, one of them over all time, so that a morning takes little and nobody is forgotten.
FOR_EVER = next(feature for feature in test_window_states.FEATURES if feature.reach is None)
SPEC = replace(test_window_states.SPEC, features=tuple({FOR_EVER, *test_window_states.FEATURES[::12]}))
DAY = FIRST + timedelta(days=40)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    """One snapshot of a small log."""
    built = Snapshots(tmp_path, SPEC)
    keep(built.tables["visits"], timed(), random_log(5, FIRST, 60, ZONE, entities=8))
    built.__dict__["check"] = lambda _: None  # the log's table says nothing of its end
    assert build(built) == (DAY,)
    return built


def build(snapshots: Snapshots) -> tuple[date, ...]:
    return snapshots.build(lambda: DuckEngine(ZONE, threads=1), [DAY]).new_dates


def split(folder: Path, share: float = 0.3) -> None:
    """Keep the first rows of every file, as a lost part file would."""
    for file in folder.glob("*.parquet"):
        rows = parquet.read_table(file)
        parquet.write_table(rows.slice(0, int(len(rows) * share)), file)


def as_made_earlier(snapshots: Snapshots) -> Path:
    """The snapshot as the release before kept it."""
    folder = snapshots.path(DAY)
    rows = check_snapshot(folder).rows
    (folder / RECORD).unlink()
    (folder / "_rows.json").write_text(f'{{"rows": {rows}}}')
    return folder


def read(snapshots: Snapshots) -> pd.DataFrame:
    return pd.read_parquet(snapshots.path(DAY)).sort_values("user_id", ignore_index=True)


ATTACKS: dict[str, Callable[[Snapshots], object]] = {
    "cut to 30% of its rows": lambda built: split(built.path(DAY)),
    "no file": lambda built: next(built.path(DAY).glob("*.parquet")).unlink(),
    "a cut file": lambda built: os.truncate(next(built.path(DAY).glob("*.parquet")), 50),
    "no record": lambda built: (built.path(DAY) / RECORD).unlink(),
    "of an earlier release, cut to 30%": lambda built: split(as_made_earlier(built)),
    "of an earlier release, its file cut": lambda built: os.truncate(
        next(as_made_earlier(built).glob("*.parquet")), 50
    ),
    "of an earlier release, its count cut": lambda built: os.truncate(as_made_earlier(built) / "_rows.json", 3),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_broken_snapshot_is_rebuilt_with_one_line(
    attack: str, snapshots: Snapshots, caplog: pytest.LogCaptureFixture
):
    before = read(snapshots)
    ATTACKS[attack](snapshots)
    with pytest.raises(BrokenFolderError, match=r"run `-e features`, which makes it anew\.") as caught:
        snapshots.member_count(DAY, "all")
    assert is_one_sentence(caught.value)
    with caplog.at_level(logging.WARNING, logger="prichal"):
        assert build(snapshots) == (DAY,)
        assert build(snapshots) == ()
    assert len(caplog.messages) == 1
    assert "rebuilt" in caplog.text
    pd.testing.assert_frame_equal(read(snapshots), before)
    assert snapshots.member_count(DAY, "all") == len(before)


def test_a_whole_snapshot_of_an_earlier_release_is_sealed_and_used(snapshots: Snapshots):
    rows = len(read(snapshots))
    folder = as_made_earlier(snapshots)
    assert build(snapshots) == ()
    assert (folder / RECORD).exists()
    assert snapshots.member_count(DAY, "all") == rows
    assert snapshots.member_count(DAY, "all", unlabelled=True) == int(read(snapshots)["label"].isna().sum())
    assert snapshots.member_count(DAY, "nobody") == 0


def test_a_broken_month_ends_in_a_sentence_with_the_step_that_repairs_it(snapshots: Snapshots):
    table = snapshots.tables["visits"]
    split(table.folders()[0])
    with pytest.raises(BrokenFolderError, match=r"run `-e ingest -P project=shop`, which rebuilds the month") as caught:
        table.folders()
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("what", ["states", "partials", "manifest of partials"])
def test_an_update_after_lost_files_equals_the_reference(what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    mornings = Mornings(tmp_path, SPEC, random_log(5, FIRST, 60, ZONE, entities=8))
    assert mornings.wrong(FIRST + timedelta(days=20)) == {}
    if what == "manifest of partials":
        os.truncate(tmp_path / "daily" / "partials" / "visits" / "current.json", 30)
    else:
        for folder in (tmp_path / "daily" / what).glob("*/*" if what == "states" else "*/*/*"):
            split(folder)
    with caplog.at_level(logging.WARNING, logger="prichal"):
        assert mornings.wrong(FIRST + timedelta(days=21)) == {}
    assert 1 <= len(caplog.messages) <= 3  # days that enter, leave and are gathered are read apart
    assert "rebuilt" in caplog.text

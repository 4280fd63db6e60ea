"""A table that somebody else made: what it may be, and that its rows become snapshots as they stand."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import (
    OWNER_STATEMENT,
    DuckEngine,
    Engine,
    Population,
    PrecomputedSnapshots,
    ReadyTable,
    SnapshotSpec,
    dictionary_page,
)
from features.precomputed_snapshots import LabelError
from features.snapshots import AsOfError
from lake import Column
from lake.declarations import DeclarationError
from tests.unit.builders import is_one_sentence
from tests.unit.ready_tables import PLAN, SILENCE, TABLE, UNDATED, ingest_source, rows

TODAY = date(2026, 5, 20)


def spec(table: ReadyTable = TABLE, where: str = "silence < 90") -> SnapshotSpec:
    everybody = Population("seen", where, "shop_churn", "who came lately", table.label)
    return SnapshotSpec("shop", "user_id", (table.source,), table.features, (everybody,), table=table)


def duck() -> Engine:
    return DuckEngine("UTC", threads=1)


@pytest.mark.parametrize(
    ("changes", "expected_text"),
    [
        pytest.param({"entity": Column("user_id", "double", "whom")}, "user_id is a double", id="a key that is none"),
        pytest.param({"columns": ()}, "declares no feature", id="no feature"),
        pytest.param({"columns": (SILENCE, SILENCE)}, "declared twice", id="one column twice"),
        pytest.param({"columns": (replace(SILENCE, name="gone"),)}, "declared twice", id="the label as a feature"),
        pytest.param({"columns": (replace(SILENCE, name="label"),)}, "may be called label", id="a name that is taken"),
        pytest.param({"columns": (replace(SILENCE, name="case"),)}, "may be called case", id="a word of SQL"),
        pytest.param({"left": "left"}, "no column may be called left: give it another", id="a label called by one"),
        pytest.param({"as_of": "end"}, "may be called end", id="a date called by one"),
        pytest.param({"columns": (replace(SILENCE, name="Days"),)}, "lower-case", id="a name in capitals"),
        pytest.param({"horizon_days": 0}, "at least 1 day", id="a label that looks nowhere"),
        pytest.param({"raw": (("paln", "Plan"),)}, "`raw` names paln", id="another name of no column"),
        pytest.param({"format": "xlsx"}, "no format xlsx", id="a format that is not read"),
    ],
)
def test_an_invalid_declaration_is_an_error(changes: dict[str, Any], expected_text: str):
    with pytest.raises(DeclarationError, match=expected_text) as caught:
        replace(TABLE, **changes)
    assert is_one_sentence(caught.value)


def test_a_word_needs_a_name_that_a_column_can_have():
    with pytest.raises(DeclarationError, match=r"'Plus \+' of 'Plus \+' must be lower-case") as caught:
        replace(PLAN, words=(("Plus +", "Plus +"),))
    assert is_one_sentence(caught.value)


def test_features_are_called_as_the_tables_columns_and_a_text_gives_one_a_word():
    assert [item.name for item in TABLE.features] == ["silence", "plan_basic", "plan_plus"]
    assert [item.description for item in TABLE.features][1:] == ["plan is Basic", "plan is Dad's +"]


def test_the_lake_reads_it_under_its_own_names_with_one_row_for_a_person_and_date():
    source = replace(TABLE, raw=(("gone", "Churn"), ("month", "Month"))).source
    assert (source.key, source.event_time) == (("user_id", "month"), "month")
    assert [item.raw_names[0] for item in source.columns] == ["user_id", "Month", "Churn", "silence", "plan"]
    assert [item.name for item in UNDATED.source.in_files] == ["user_id", "gone", "silence", "plan"]


def test_a_snapshot_holds_the_rows_as_they_stand_in_the_columns_that_other_rooms_read(tmp_path: Path):
    late = {"2026-03-01": None}
    ingest_source(tmp_path, [*rows("2026-01-01", "2026-03-01", labels=late), (3, "2026-01-01", "1", 95.0, None)])
    snapshots = PrecomputedSnapshots(tmp_path, spec(), TODAY)
    built = snapshots.build(duck, [date(2026, 1, 1), date(2026, 3, 1)])
    assert built.rows == {date(2026, 1, 1): 2, date(2026, 3, 1): 2}, "who is in no population is in no snapshot"
    then, now = (pd.concat(map(pd.read_parquet, snapshots.path(day).glob("*.parquet"))) for day in built.rows)
    assert [name for name in then if name != "as_of"] == [
        "user_id", "population", "silence", "plan_basic", "plan_plus", "already_left", "label", "label_how",
    ]  # fmt: skip
    assert then.sort_values("user_id")[["silence", "plan_plus", "label"]].to_numpy().tolist() == [
        [10, 0, 0],
        [20, 1, 1],
    ]
    assert now["label"].isna().all()
    repeated = snapshots.backfill(duck(), [date(2026, 1, 1)], tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(repeated[0]), then)


def test_snapshots_are_reused_until_their_rows_change(tmp_path: Path):
    days = [date(2026, 1, 1), date(2026, 3, 1)]
    ingest_source(tmp_path, rows("2026-01-01", "2026-03-01"), "d1")
    snapshots = PrecomputedSnapshots(tmp_path, spec(), TODAY)
    assert snapshots.build(duck, days).new_dates == tuple(days)
    assert snapshots.build(lambda: pytest.fail("an engine was started"), days).new_dates == ()
    ingest_source(tmp_path, rows("2026-01-01", "2026-03-01", labels={"2026-03-01": "0"}), "d2")
    assert PrecomputedSnapshots(tmp_path, spec(), TODAY).build(duck, days).new_dates == (date(2026, 3, 1),)


@pytest.mark.parametrize(
    ("labels", "end", "why"),
    [
        pytest.param({}, date(2026, 4, 30), "every label is there, and looks 30 days ahead", id="all known"),
        pytest.param({"2026-03-31": None}, date(2026, 3, 31), "nothing is told after the last date", id="the last not"),
        pytest.param({"2026-03-01": None, "2026-03-31": None}, date(2026, 3, 31), "as before", id="two not"),
    ],
)
def test_labels_determine_the_coverage(tmp_path: Path, labels: dict[str, str | None], end: date, why: str):
    ingest_source(tmp_path, rows("2026-01-01", "2026-03-01", "2026-03-31", labels=labels))
    snapshots = PrecomputedSnapshots(tmp_path, spec(), TODAY)
    assert snapshots.coverage.end == end, why
    assert snapshots.latest == date(2026, 3, 31)
    assert snapshots.known_until(snapshots.latest) == end
    assert snapshots.known_until(date(2026, 3, 1)) == date(2026, 3, 1), "a training in March does not look into April"


def test_a_date_with_some_early_labels_is_not_matured(tmp_path: Path):
    """Who has left already is known before who stays: half of a date's labels are the wrong half."""
    early = [(1, "2026-03-31", None, 10.0, None), (2, "2026-03-31", "1", 20.0, None)]
    ingest_source(tmp_path, [*rows("2026-01-01", "2026-03-01"), *early])
    snapshots = PrecomputedSnapshots(tmp_path, spec(), TODAY)
    snapshots.build(duck, [date(2026, 3, 31)])
    assert pd.read_parquet(snapshots.path(date(2026, 3, 31)))["label"].isna().all()


def test_labels_of_the_future_are_an_error(tmp_path: Path):
    ingest_source(tmp_path, rows("2026-01-01", "2026-05-01"))
    with pytest.raises(LabelError, match="labels of 2026-05-01 look 30 days ahead, to 2026-05-31, and today") as caught:
        PrecomputedSnapshots(tmp_path, spec(), TODAY).build(duck, [date(2026, 1, 1)])
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("as_of", [date(2026, 2, 1), date(2025, 12, 1), date(2026, 3, 2)])
def test_a_date_that_is_not_in_the_table_is_an_error_that_lists_its_dates(tmp_path: Path, as_of: date):
    ingest_source(tmp_path, rows("2026-01-01", "2026-03-01"))
    snapshots = PrecomputedSnapshots(tmp_path, spec(), TODAY)
    with pytest.raises(AsOfError, match=r"the 2 from 2026-01-01 to 2026-03-01 \(or latest\)") as caught:
        snapshots.check(as_of)
    assert is_one_sentence(caught.value)


def test_a_population_over_a_missing_column_is_an_error(tmp_path: Path):
    ingest_source(tmp_path, rows("2026-01-01", "2026-03-01"))
    with pytest.raises(DeclarationError, match="'visits > 1' is not valid over the features"):
        PrecomputedSnapshots(tmp_path, spec(where="visits > 1"), TODAY).build(duck, [date(2026, 1, 1)])


@pytest.mark.parametrize(("labels", "waiting"), [({}, 0), ({"2026-03-01": None}, 2)])
def test_without_dates_the_rows_without_a_label_are_those_to_be_scored(
    tmp_path: Path, labels: dict[str, str | None], waiting: int
):
    ingest_source(tmp_path, [*rows("2026-03-01", labels=labels), (3, "2026-03-01", "1", 30.0, None)])
    snapshots = PrecomputedSnapshots(tmp_path, spec(UNDATED), TODAY)
    assert snapshots.unlabelled(date(2026, 3, 1)) == waiting
    snapshots.build(duck, [date(2026, 3, 1)])
    assert pd.read_parquet(snapshots.path(date(2026, 3, 1)))["label"].isna().sum() == waiting
    assert PrecomputedSnapshots(tmp_path, spec(), TODAY).unlabelled(date(2026, 3, 1)) is None, (
        "with dates, all of a date are"
    )


def test_a_table_of_one_day_without_any_label_can_be_scored(tmp_path: Path):
    """The next month's table, for the model that last month's made."""
    today = replace(UNDATED, as_of=TODAY)
    ingest_source(tmp_path, rows(str(TODAY), labels={str(TODAY): None}))
    snapshots = PrecomputedSnapshots(tmp_path, spec(today), TODAY)
    assert snapshots.build(duck, [snapshots.latest]).rows == {TODAY: 2}
    assert snapshots.unlabelled(TODAY) == 2


def test_the_dictionary_names_the_owner_and_the_limits_without_dates():
    assert f"{OWNER_STATEMENT}\n" in dictionary_page(spec(), "", {})
    page = dictionary_page(spec(UNDATED), "", {})
    assert f"{OWNER_STATEMENT} Its rows have no dates, so models are validated by entity, not out of time.\n" in page
    assert "has left within 30 days from as_of, as `gone` of the ready table says, else 0" in page

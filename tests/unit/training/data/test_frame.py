"""The training frame: which rows get in, in what order, and how they are known again."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.builders import is_one_sentence
from training.data.frame import Frame, TooLittleDataError, read_frame

MARCH, APRIL = date(1998, 3, 1), date(1998, 4, 1)
NAMES = ("spent", "visits")


def snapshot(root: Path, day: date, rows: list[dict[str, Any]], files: int = 1) -> Path:
    """A snapshot's folder with its rows dealt to some files."""
    folder = root / f"as_of={day}" / "digest"
    folder.mkdir(parents=True)
    table = pd.DataFrame(rows).astype({"label": "Int32", "already_left": "boolean"})
    for number in range(files):
        table.iloc[number::files].to_parquet(folder / f"part-{number}.parquet", index=False)
    (folder / "_rows.json").write_text('{"rows": 9}')
    return folder


def row(
    user: int, label: int | None = 0, population: str = "paid", visits: float | None = 1.0, **rest: Any
) -> dict[str, Any]:
    text = {"visits": visits, "user_id": user, "label": label, "population": population, "spent": user * 10.0}
    return {**text, "label_how": None, "already_left": None, **rest}


def read(folders: list[Path], population: str = "paid") -> Frame:
    return read_frame(folders, NAMES, "user_id", population)


def test_rows_are_ordered_by_date_and_entity_and_columns_as_requested(tmp_path: Path):
    march = snapshot(tmp_path, MARCH, [row(3), row(1, 1), row(2)])
    april = snapshot(tmp_path, APRIL, [row(2), row(1)])
    frame = read([april, march])
    assert frame.entity.tolist() == [1, 2, 3, 1, 2]
    assert frame.as_of.tolist() == [MARCH, MARCH, MARCH, APRIL, APRIL]
    assert frame.labels.tolist() == [1, 0, 0, 0, 0]
    assert frame.names == NAMES
    assert frame.rows[:, 0].tolist() == [10.0, 20.0, 30.0, 10.0, 20.0]


def test_only_matured_rows_of_the_population_are_read(tmp_path: Path):
    march = snapshot(tmp_path, MARCH, [row(1), row(2, population="trial"), row(3, label=None), row(4)])
    april = snapshot(tmp_path, APRIL, [row(1, label=None), row(4, label=None)])
    assert read([march, april]).entity.tolist() == [1, 4]
    assert read([march, april], "trial").entity.tolist() == [2]


def test_null_is_not_a_number_and_never_zero(tmp_path: Path):
    frame = read([snapshot(tmp_path, MARCH, [row(1, visits=None), row(2, visits=0.0)])])
    assert np.array_equal(frame.rows[:, 1], [np.nan, 0.0], equal_nan=True)


@pytest.mark.parametrize("days", [[], [MARCH]])
def test_an_empty_population_is_an_error_with_its_name(days: list[date], tmp_path: Path):
    folders = [snapshot(tmp_path, day, [row(1)]) for day in days]
    with pytest.raises(TooLittleDataError, match=f"Population trial has no matured row in {len(days)} ") as caught:
        read(folders, "trial")
    assert is_one_sentence(caught.value)


def test_a_date_without_members_adds_no_rows(tmp_path: Path):
    march, empty = snapshot(tmp_path, MARCH, [row(1), row(2, 1)]), tmp_path / f"as_of={APRIL}" / "digest"
    empty.mkdir(parents=True)
    assert read([march, empty]).digest() == read([march]).digest()


def test_who_had_cancelled_and_how_who_left_did_come_along(tmp_path: Path):
    rows = [row(1, 1, already_left=True, label_how="voluntary"), row(2, already_left=False),
            row(3, 1, already_left=False, label_how="involuntary")]  # fmt: skip
    frame = read([snapshot(tmp_path, MARCH, rows)])
    assert frame.already_left is not None
    assert frame.how is not None
    assert frame.already_left.tolist() == [True, False, False]
    assert frame.how.tolist() == ["voluntary", None, "involuntary"]
    assert frame.undecided is not None
    assert frame.undecided.entity.tolist() == [2, 3]
    assert read([snapshot(tmp_path / "b", MARCH, [row(1), row(2)])]).undecided is None


def test_the_digest_does_not_depend_on_how_rows_lie_in_files(tmp_path: Path):
    rows = [row(user, user % 2, visits=user / 7) for user in range(20)]
    item = read([snapshot(tmp_path / "one", MARCH, rows)])
    other = read([snapshot(tmp_path / "other", MARCH, rows[::-1], files=3)])
    assert item.digest() == other.digest()


FRAME = Frame(
    names=NAMES,
    rows=np.array([[1.0, np.nan], [2.0, 3.0]]),
    labels=np.array([0, 1]),
    entity=np.array([7, 8]),
    as_of=np.array([MARCH, APRIL], dtype="datetime64[D]"),
)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"rows": np.array([[1.0, np.nan], [2.0, 3.0000000001]])}, id="a value"),
        pytest.param({"rows": np.array([[1.0, 0.0], [2.0, 3.0]])}, id="a null"),
        pytest.param({"labels": np.array([1, 1])}, id="a label"),
        pytest.param({"entity": np.array([7, 9])}, id="an entity"),
        pytest.param({"as_of": np.array([MARCH, MARCH], dtype="datetime64[D]")}, id="a date"),
        pytest.param({"names": ("visits", "spent")}, id="a name"),
        pytest.param({"already_left": np.array([False, True])}, id="a flag"),
        pytest.param({"how": np.array([None, "voluntary"], dtype=object)}, id="a how"),
    ],
)
def test_the_digest_changes_with_anything_in_the_frame(changed: dict[str, Any]):
    assert replace(FRAME, **changed).digest() != FRAME.digest() == replace(FRAME).digest()


def test_a_part_by_dates_keeps_rows_together():
    april = FRAME.at([APRIL])
    assert (len(april), april.labels.tolist(), april.entity.tolist(), april.rows.tolist()) == (1, [1], [8], [[2, 3]])
    assert len(FRAME.at([])) == 0
    assert FRAME.at([APRIL, MARCH]).digest() == FRAME.digest()


def test_a_data_frame_of_the_frame_holds_the_same_rows():
    table = FRAME.pandas()
    assert list(table.columns) == ["entity", "as_of", *NAMES, "label"]
    assert table.loc[1].tolist() == [8, pd.Timestamp(APRIL), 2.0, 3.0, 1]

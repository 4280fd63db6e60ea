"""A folder that lost, gained or changed a file since it was sealed is told in one sentence."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from stack.folders import checked_folder
from stack.folders.checked_folder import (
    RECORD,
    BrokenFolderError,
    check,
    is_whole,
    seal,
)
from tests.unit.builders import is_one_sentence

REPAIR = "make it anew"


def write(file: Path, rows: int) -> None:
    parquet.write_table(pa.table({"user_id": list(range(rows))}), file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of ten rows, sealed."""
    built = tmp_path / "rows"
    built.mkdir()
    for name in ("a.parquet", "b.parquet"):
        write(built / name, 10)
    seal(built)
    return built


def swap_byte(folder: Path) -> None:
    """Size and time stay as they were, as on a disk that loses a bit."""
    file = folder / "a.parquet"
    content, state = bytearray(file.read_bytes()), file.stat()
    content[10] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    checked_folder._sha256_of.cache_clear()  # as in a new process


ATTACKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a valid file with 30% of the rows": (lambda folder: write(folder / "a.parquet", 3), "a.parquet has"),
    "a lost part file": (lambda folder: (folder / "b.parquet").unlink(), "b.parquet is missing"),
    "a file cut in the middle": (lambda folder: os.truncate(folder / "a.parquet", 99), "has 99 bytes instead of"),
    "a flipped bit": (swap_byte, "a.parquet has changed since it was written"),
    "a file more": (lambda folder: write(folder / "c.parquet", 1), "c.parquet is not in its record"),
    "a cut record": (lambda folder: os.truncate(folder / RECORD, 20), "its record _sealed.json cannot be read"),
    "another record": (lambda folder: (folder / RECORD).write_text("[1]"), "its record _sealed.json cannot be read"),
    "no record": (lambda folder: (folder / RECORD).unlink(), "has no record of its files"),
    "no folder": (lambda folder: folder.rename(folder.with_name("elsewhere")), "is missing"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_damaged_folder_is_an_error_of_one_sentence(attack: str, folder: Path):
    act, words = ATTACKS[attack]
    check(folder, REPAIR)
    act(folder)
    with pytest.raises(BrokenFolderError, match=f"{words}.*: {REPAIR}") as caught:
        check(folder, REPAIR)
    assert is_one_sentence(caught.value)
    assert str(folder) in str(caught.value)


def test_a_whole_folder_is_read_with_its_count_and_hashed_once(folder: Path):
    checked_folder._sha256_of.cache_clear()
    assert [check(folder, REPAIR).rows for _ in range(3)] == [20, 20, 20]
    assert checked_folder._sha256_of.cache_info().misses == 2


def test_a_folder_of_another_count_than_the_reader_knows_is_broken(folder: Path):
    with pytest.raises(BrokenFolderError, match="has 20 rows instead of 21"):
        check(folder, REPAIR, rows=21)


def test_a_folder_of_an_earlier_release_is_sealed_if_its_count_is_the_recorded_one(folder: Path):
    (folder / RECORD).unlink()
    with pytest.raises(BrokenFolderError, match="has 20 rows instead of 21"):
        check(folder, REPAIR, rows=21)
    assert not (folder / RECORD).exists()
    assert check(folder, REPAIR, rows=20).rows == 20
    write(folder / "a.parquet", 3)
    with pytest.raises(BrokenFolderError):
        check(folder, REPAIR, rows=20)


def test_a_folder_that_can_be_rebuilt_is_logged_in_one_line(folder: Path, caplog: pytest.LogCaptureFixture):
    (folder / "b.parquet").unlink()
    with caplog.at_level(logging.WARNING, logger="prichal"):
        assert not is_whole(folder)
        assert not is_whole(folder.with_name("never made"))
    assert caplog.messages == [f"{folder} is broken: its file b.parquet is missing: it is rebuilt."]

"""Only what belongs to a process that is gone counts as abandoned."""

import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from stack.folders.owners import (
    FOREIGN_SECONDS,
    host_name,
    is_abandoned,
    owner_name,
    remove_abandoned,
)
from tests.unit.builders import dead_owner


def test_this_process_is_alive_and_one_that_ended_is_not(tmp_path: Path):
    assert not is_abandoned(tmp_path / f"d1.{owner_name()}.partial")
    assert is_abandoned(tmp_path / f"d1.{dead_owner()}.partial")


def test_a_process_id_that_was_given_to_another_process_does_not_keep_the_folder(tmp_path: Path):
    started = round(psutil.Process().create_time() * 1000) - 3_600_000
    assert is_abandoned(tmp_path / f"d1.{host_name()}-{os.getpid()}-{started}.partial")


def test_a_host_name_with_any_letters_in_it_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "node-7.rack-12.example")
    host_name.cache_clear()
    try:
        assert host_name() == "node-7-rack-12-example"
        assert not is_abandoned(tmp_path / owner_name())
        assert is_abandoned(tmp_path / dead_owner())
    finally:
        host_name.cache_clear()


def test_what_another_machine_writes_stays_for_a_week(tmp_path: Path):
    theirs = tmp_path / "d1.elsewhere-17-1700000000000.partial"
    theirs.mkdir()
    assert remove_abandoned([theirs]) == 0
    before = time.time() - FOREIGN_SECONDS - 60
    os.utime(theirs, (before, before))
    assert remove_abandoned([theirs]) == 1
    assert not theirs.exists()


def test_names_of_earlier_releases_have_a_process_id_only(tmp_path: Path):
    assert not is_abandoned(tmp_path / f"d1.{os.getpid()}.partial")
    assert is_abandoned(tmp_path / f"d1.{dead_owner().split('-')[-2]}.partial")


@pytest.mark.parametrize("name", ["current.json", "d1.partial", "as_of=1997-01-01", ".orders.csv.partial"])
def test_a_name_without_a_process_is_not_removed(name: str, tmp_path: Path):
    assert not is_abandoned(tmp_path / name)

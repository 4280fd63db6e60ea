"""Files and folders that readers see whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack.folders.atomic import fresh_partial, publish_directory, replace_text
from stack.folders.owners import owner_name
from stack.settings import ROOT
from tests.unit.builders import dead_owner

#: another process, which begins to write a folder and goes on for long.
OTHER = """
import pathlib, sys, time
from stack.folders.atomic import fresh_partial
partial = fresh_partial(pathlib.Path(sys.argv[1]))
partial.mkdir()
print(partial, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("mode", [0o640, 0o600])
def test_a_file_is_replaced_whole_with_its_rights_and_nothing_is_left_beside_it(mode: int, tmp_path: Path):
    path = tmp_path / "deep" / "current.json"
    replace_text(path, "a much longer text than the next", mode)
    replace_text(path, "short", mode)
    assert path.read_text() == "short"
    assert path.stat().st_mode & 0o777 == mode
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_to_write_at_is_beside_its_target_and_what_killed_runs_left_is_gone(tmp_path: Path):
    target = tmp_path / "lake" / "d1"
    killed, mine = dead_owner(), owner_name()
    for left in (f"d1.{killed}.partial", f"d2.{killed}.partial", f"d1.{mine}.partial"):
        (tmp_path / "lake" / left).mkdir(parents=True)
    partial = fresh_partial(target)
    assert partial.parent == target.parent
    assert [path.name for path in target.parent.iterdir()] == [f"d2.{killed}.partial"]


def test_the_folder_that_a_live_process_writes_stays(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path / "d1")], stdout=subprocess.PIPE, cwd=ROOT
    ) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().decode().strip())
        assert fresh_partial(tmp_path / "d1") != theirs
        assert theirs.exists()
        other.kill()
        other.wait()
        fresh_partial(tmp_path / "d1")
        assert not theirs.exists()


def test_a_complete_folder_takes_the_place_of_the_one_that_was_there(tmp_path: Path):
    for name, file in (("old", "a"), ("new", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    publish_directory(tmp_path / "new", tmp_path / "old")
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["b"]
    assert not (tmp_path / "new").exists()

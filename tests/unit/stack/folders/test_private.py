"""Only the owner reads the state and the lake."""

import os
import stat
import sys
from pathlib import Path

import pytest

from jobs.runtime import command
from stack.folders.private import make_private
from stack.settings import VARIABLES, Settings


def settings(folder: Path, **environ: str) -> Settings:
    """A state and a lake apart from it, as an earlier release left them."""
    for path in (folder / "state" / "raw" / "deep", folder / "lake" / "churn"):
        path.mkdir(parents=True)
    for path in (folder / "state" / "notes.json", folder / "state" / "raw" / "people.csv"):
        path.write_text("1")
    places = {"PRICHAL_STATE": str(folder / "state"), "PRICHAL_LAKE": str(folder / "lake")}
    return Settings.load({**places, **environ})


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_an_earlier_release_left_open_is_closed(tmp_path: Path):
    make_private(settings(tmp_path))
    assert {rights(tmp_path / name) for name in ("state", "state/raw", "lake")} == {0o700}
    assert rights(tmp_path / "state" / "notes.json") == 0o600


def test_what_the_process_makes_afterwards_is_private(tmp_path: Path):
    make_private(settings(tmp_path))
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "file").touch()
    assert (rights(tmp_path / "later"), rights(tmp_path / "later" / "file")) == (0o700, 0o600)


def test_on_a_cluster_the_group_of_the_lake_keeps_its_rights(tmp_path: Path):
    built = settings(tmp_path, SPARK_MASTER="spark://master:7077")
    (tmp_path / "lake").chmod(0o2775)
    make_private(built)
    assert rights(tmp_path / "lake") == 0o2770
    assert rights(tmp_path / "state") == 0o700
    assert os.umask(0o022) == 0o027


def test_what_is_not_there_yet_stays_away(tmp_path: Path):
    make_private(Settings.load({"PRICHAL_STATE": str(tmp_path / "new")}))
    assert list(tmp_path.iterdir()) == []


def test_the_target_of_a_link_is_not_changed(tmp_path: Path):
    built = settings(tmp_path)
    (tmp_path / "shared").mkdir(mode=0o755)
    (tmp_path / "state" / "shared").symlink_to(tmp_path / "shared")
    make_private(built)
    assert rights(tmp_path / "shared") == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_group_of_postgresql_passes_through_and_lists_nothing(tmp_path: Path):
    built = settings(tmp_path)
    (tmp_path / "state" / "postgres").mkdir()
    os.chown(tmp_path / "state" / "postgres", 12345, 12346)
    make_private(built)
    assert (rights(tmp_path / "state"), (tmp_path / "state").stat().st_gid) == (0o710, 12346)
    assert (rights(tmp_path / "state" / "postgres"), rights(tmp_path / "state" / "raw")) == (0o700, 0o700)


def test_a_step_closes_the_state_even_where_it_cannot_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings(tmp_path)
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PRICHAL_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(sys, "argv", ["step"])

    def verify(context: object) -> None: ...

    assert command.run(verify) == 2
    assert rights(tmp_path / "state") == 0o700

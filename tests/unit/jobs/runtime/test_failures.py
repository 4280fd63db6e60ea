"""A full disk, a read-only folder, a damaged file: one sentence; a defect of the program: its traceback."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from features import DuckEngine
from jobs.runtime import command
from jobs.runtime.context import Context
from jobs.runtime.failures import explain
from stack.folders.atomic import fresh_partial, replace_text
from tests.unit.builders import is_one_sentence


def read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def sentence_of(act: Callable[[], object]) -> str:
    """The sentence for the exception that the call raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  every library raises a class of its own
        act()
    error = explain(caught.value)
    assert error is not None, repr(caught.value)
    assert is_one_sentence(error)
    return str(error)


def duck_write(folder: Path) -> None:
    DuckEngine("UTC", threads=1).save("select id, random() as value from range(100000) as t(id)", folder)


def test_a_full_disk_is_one_sentence(small_disk: Path):
    acts: list[Callable[[], object]] = [
        lambda: replace_text(small_disk / "current.json", "x" * 100_000),
        lambda: duck_write(small_disk / "rows"),
    ]
    for act in acts:
        assert sentence_of(act).startswith("The disk is full")


def test_a_read_only_lake_is_one_sentence(small_disk: Path):
    read_only(small_disk)
    acts: list[Callable[[], object]] = [
        lambda: replace_text(small_disk / "current.json", "x"),
        lambda: fresh_partial(small_disk / "churn" / "rows"),
        lambda: duck_write(small_disk / "rows"),
    ]
    for act in acts:
        assert f"(Read-only file system) at {small_disk}" in sentence_of(act)


def test_a_lake_that_is_a_file_is_one_sentence(tmp_path: Path):
    lake = tmp_path / "lake"
    lake.write_text("no folder")
    assert f"(Not a directory) at {lake}" in sentence_of(lambda: replace_text(lake / "churn" / "current.json", "x"))


def test_a_damaged_parquet_file_is_one_sentence(tmp_path: Path):
    (tmp_path / "rows.parquet").write_text("no Parquet, but long enough to be taken for it")
    engine = DuckEngine("UTC", threads=1)
    assert "missing, truncated or damaged" in sentence_of(
        lambda: engine.show_files("rows", [tmp_path / "rows.parquet"])
    )
    assert "missing, truncated or damaged" in sentence_of(
        lambda: engine.show_files("rows", [tmp_path / "gone.parquet"])
    )


def test_messages_of_spark_and_postgresql_are_recognised():
    from py4j.protocol import Py4JError

    text = "[TASK_WRITE_FAILED] Task failed while writing rows to file:/lake/churn/rows.\n\tat java.io: {}"
    assert sentence_of(lambda: fail(Py4JError(text.format("No space left on device")))).startswith(
        "The disk is full at /lake/churn/rows: "
    )
    assert "(Read-only file system)" in sentence_of(lambda: fail(Py4JError(text.format("Read-only file system"))))
    assert "PostgreSQL's disk is full" in sentence_of(lambda: fail(psycopg.errors.DiskFull("could not extend file")))


@pytest.mark.parametrize(
    "error",
    [KeyError("No space left on device"), FileNotFoundError(2, "no such file"), ValueError("not a Parquet file")],
)
def test_a_defect_of_the_program_keeps_its_traceback(error: Exception):
    assert explain(error) is None


def test_a_step_ends_with_the_sentence(
    context: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["prichal score"])
    monkeypatch.setattr(command.Context, "of", lambda _project: context)
    monkeypatch.setattr(command.services, "check", lambda _settings: None)
    monkeypatch.setattr(command, "open_tracking", lambda _context: None)

    def score(_context: Context) -> None:
        with open("/dev/full", "w") as full:  # noqa: PTH123  the system's own full disk
            full.write("x" * 100_000)

    assert command.run(score) == 2
    assert capsys.readouterr().err.startswith("prichal: The disk is full")


def fail(error: Exception) -> None:
    raise error

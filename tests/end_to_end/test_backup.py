"""A backup restored elsewhere is the same platform: ledger, scores and artifacts, and the next step runs on it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.folders.backup import STEPS_LOCK
from stack.locks import Locks
from tests.end_to_end.conftest import ROOT, Clone, clean_environment, take_down
from tests.end_to_end.keeper import stop_with_parent


def run_stack(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack", *words], cwd=ROOT, env=clean_environment(state), text=True,
        capture_output=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not pytest's own folder, which is closed to PostgreSQL's user."""
    with tempfile.TemporaryDirectory(prefix="prichal-backup-") as path:
        yield Path(path)


@pytest.fixture(scope="module")
def backup(clone: Clone, morning: object, folder: Path) -> Path:
    done = run_stack(clone.state, "backup", str(folder / "backups"))
    assert done.returncode == 0, done.stderr
    return next((folder / "backups").iterdir())


@pytest.fixture(scope="module")
def restored(backup: Path, folder: Path) -> Iterator[Clone]:
    state = folder / "restored"
    with stop_with_parent(state):
        done = run_stack(state, "restore", str(backup))
        assert done.returncode == 0, done.stderr
        shell = subprocess.run(
            ["bash", "-c", f". {state}/env && env -0"], env=clean_environment(state), text=True, capture_output=True,
            check=True,
        )  # fmt: skip
        yield Clone(state, dict(line.split("=", 1) for line in shell.stdout.split("\0") if line))
        take_down(state)


def test_mart_and_ledger_are_the_same(clone: Clone, restored: Clone) -> None:
    assert restored.mart() == clone.mart() != []
    ledger = "select id, row_hash from ops.promotions order by id"
    assert restored.rows(ledger) == clone.rows(ledger) != []


def test_the_ledger_agrees_with_the_restored_mlflow_and_the_model_scores_again(restored: Clone) -> None:
    verified = restored.run(sys.executable, "-m", "jobs.verify", "--project=cdnow")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    before = restored.mart()
    scored = restored.run(sys.executable, "-m", "jobs.score", "--project=cdnow")
    assert scored.returncode == 0, scored.stdout + scored.stderr
    assert restored.mart() == before


def test_nobody_else_can_read_a_backup(backup: Path) -> None:
    assert [path for path in (backup, backup / "secrets.json", backup / "lake") if path.stat().st_mode & 0o077] == []


def test_a_restore_replaces_nothing(restored: Clone, backup: Path) -> None:
    refused = run_stack(restored.state, "restore", str(backup))
    assert refused.returncode == 2
    assert "is not empty, and a restore replaces nothing" in refused.stderr


def test_a_damaged_backup_is_refused_by_the_name_of_a_file(backup: Path, folder: Path) -> None:
    changed = backup / "secrets.json"
    content = changed.read_bytes()
    changed.write_bytes(content + b" ")
    refused = run_stack(folder / "nowhere", "restore", str(backup))
    changed.write_bytes(content)
    assert refused.returncode == 2
    assert "differs from its manifest in 1 files, such as secrets.json: nothing was restored" in refused.stderr
    assert not (folder / "nowhere" / "secrets.json").exists()


def test_an_incomplete_backup_is_refused(folder: Path) -> None:
    (folder / "half").mkdir()
    refused = run_stack(folder / "nowhere", "restore", str(folder / "half"))
    assert refused.returncode == 2
    assert "has no MANIFEST.json, so it is no complete backup" in refused.stderr


def test_an_interrupted_restore_starts_no_service_until_it_is_run_again(folder: Path) -> None:
    state = folder / "interrupted"
    state.mkdir()
    (state / "restoring").touch()
    refused = run_stack(state, "up")
    assert refused.returncode == 2
    assert "was interrupted: run `make restore FROM=FOLDER` again" in refused.stderr


def test_a_backup_waits_for_a_running_step(clone: Clone, folder: Path) -> None:
    step = Locks(clone.url)
    step.acquire(STEPS_LOCK, shared=True)
    with subprocess.Popen(
        [sys.executable, "-m", "stack", "backup", str(folder / "later")], cwd=ROOT,
        env=clean_environment(clone.state), text=True, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "backup · waiting for running steps\n"
        assert process.poll() is None
        step.close()
        assert "backup · complete" in process.stdout.read()
    assert process.returncode == 0

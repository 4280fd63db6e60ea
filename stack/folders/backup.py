"""Backup of one point in time: PostgreSQL, the bucket, the lake and the passwords; and its restore into an empty state.

A backup is a folder `prichal-<time>` with `postgres/` (made by pg_basebackup), `bucket/`, `lake/`, `secrets.json` and
`MANIFEST.json`, which has the size and the SHA-256 of every file and is written last.
"""

import hashlib
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import migrations
from stack import postgres, services
from stack.bucket import download_all, upload
from stack.errors import PrichalError, ServiceError
from stack.folders.atomic import fresh_partial
from stack.folders.private import restrict_state
from stack.locks import BusyError, Locks
from stack.process import HOST, Records
from stack.settings import Settings, child_environment

Say = Callable[[str], None]

FORMAT = 1
MANIFEST, SECRETS = "MANIFEST.json", "secrets.json"
#: folders of a backup.
POSTGRES, BUCKET, LAKE = "postgres", "bucket", "lake"
#: the lock that all steps share; a backup takes it alone, so that no step writes meanwhile.
STEPS_LOCK = "prichal.steps"
#: seconds that a backup waits for running steps.
WAIT_SECONDS = 3600
CHUNK_BYTES = 1 << 20


class BackupError(PrichalError):
    """A backup cannot be made here, is incomplete or damaged, or cannot be restored into this state."""


def back_up(settings: Settings, target: Path, say: Say) -> Path:
    """Write a backup below `target`; steps wait or end with a sentence until it is complete.

    Returns:
        The folder of the backup.

    Raises:
        BackupError: PostgreSQL was not started here, or a file could not be copied.
        BusyError: a step was still running after an hour.
    """
    started = Records(settings.state / "run").read("postgres")
    if started is None or not started.is_alive():
        raise BackupError(
            "PostgreSQL does not run here, so it cannot be copied: run `make up` first; a PostgreSQL that is "
            "configured elsewhere has its own tools (docs/server.md)."
        )
    folder = target.expanduser().resolve() / f"prichal-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if folder.is_relative_to(settings.lake):
        raise BackupError(f"{target} is inside the lake {settings.lake}: give a folder outside.")
    partial = fresh_partial(folder)
    with _no_step_running(settings, say):
        _copy_parts(settings, started.ports["sql"], partial, say)
    _write_manifest(settings, partial)
    partial.rename(folder)
    say(f"backup · complete: {folder}")
    return folder


@contextmanager
def _no_step_running(settings: Settings, say: Say) -> Iterator[None]:
    locks = Locks(settings.require_database())
    try:
        if not locks.acquire(STEPS_LOCK):
            say("backup · waiting for running steps")
            if not locks.wait(STEPS_LOCK, WAIT_SECONDS):
                raise BusyError(
                    f"A step was still running after {WAIT_SECONDS // 60} minutes: nothing was copied; see ops.runs "
                    "for the running step, then run the backup again."
                )
        yield
        locks.check()  # a lost lock means that a step may have written meanwhile
    finally:
        locks.close()


def _copy_parts(settings: Settings, port: int, folder: Path, say: Say) -> None:
    folder.mkdir(parents=True, mode=0o700)
    password = json.loads((settings.state / SECRETS).read_text())["postgres"]
    _run(
        ["pg_basebackup", "--pgdata", str(folder / POSTGRES), "--wal-method=stream", "--checkpoint=fast",
         f"--host={HOST}", f"--port={port}", "--username=postgres", "--no-password"],
        PGPASSWORD=password,
    )  # fmt: skip
    say("backup · PostgreSQL copied")
    (folder / BUCKET).mkdir()
    say(f"backup · {download_all(settings, folder / BUCKET):,} objects of the bucket copied")
    if settings.lake.is_dir():
        shutil.copytree(settings.lake, folder / LAKE, symlinks=True)
        say("backup · lake copied")
    shutil.copyfile(settings.state / SECRETS, folder / SECRETS)


def _write_manifest(settings: Settings, folder: Path) -> None:
    content = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": migrations.HEAD,
        "bucket": settings.s3_bucket,
        "files": dict(_digests(folder)),
    }
    (folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n")


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    """Path and SHA-256 of every file but the manifest; the wheel's pg_verifybackup crashes, so PostgreSQL's too."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not path.is_symlink() and str(name) != MANIFEST:
            with path.open("rb") as content:
                yield str(name), hashlib.file_digest(content, "sha256").hexdigest()


def check_backup(folder: Path) -> None:
    """Compare every file of a backup with its manifest.

    Raises:
        BackupError: the backup is incomplete, changed, or of another format.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BackupError(f"{folder} has no {MANIFEST}, so it is no complete backup: give a folder of `make backup`.")
    manifest = json.loads(path.read_text())
    if manifest.get("format") != FORMAT or manifest["revision"] > migrations.HEAD:
        raise BackupError(f"{folder} was made by a newer release: update this checkout.")
    digests, expected = dict(_digests(folder)), manifest["files"]
    differing = sorted(name for name in digests.keys() | expected if digests.get(name) != expected.get(name))
    if differing:
        raise BackupError(
            f"{folder} differs from its manifest in {len(differing)} files, such as {differing[0]}: nothing was "
            "restored; use another backup."
        )


def restore(settings: Settings, folder: Path, say: Say) -> None:
    """Restore a backup into an empty state folder and start the services. An interrupted restore can be run again.

    Raises:
        BackupError: the backup is damaged, or the state folder is not empty.
    """
    folder, state, marker = folder.expanduser().resolve(), settings.state, settings.state / services.RESTORING
    check_backup(folder)
    if marker.exists():
        services.down(settings, say)
        _clear(settings)
    _require_empty(settings)
    state.mkdir(parents=True, exist_ok=True)
    marker.touch()
    shutil.copyfile(folder / SECRETS, state / SECRETS)
    (state / SECRETS).chmod(0o600)
    if (folder / LAKE).is_dir():
        shutil.copytree(folder / LAKE, settings.lake, symlinks=True, dirs_exist_ok=True)
    _restore_postgres(folder / POSTGRES, state / "postgres")
    say("restore · lake and PostgreSQL copied")
    settings = services.up(settings, say, is_restore=True)
    if any((folder / BUCKET).iterdir()):
        count = upload(settings, folder / BUCKET, f"s3://{settings.s3_bucket}")
        say(f"restore · {count:,} objects of the bucket copied")
    marker.unlink()
    say(f"restore · complete: {folder} is in {state}")


def _require_empty(settings: Settings) -> None:
    for path in (settings.state / "postgres", settings.state / "s3", settings.lake):
        if path.exists() and any(path.iterdir()):
            raise BackupError(
                f"{path} is not empty, and a restore replaces nothing: move the state folder away, or set "
                "PRICHAL_STATE to another folder."
            )


def _clear(settings: Settings) -> None:
    """Remove what an interrupted restore has copied."""
    for path in (settings.state / "postgres", settings.state / "s3", settings.state / "mlflow", settings.lake):
        shutil.rmtree(path, ignore_errors=True)


def _restore_postgres(source: Path, target: Path) -> None:
    data = target / "data"
    shutil.copytree(source, data, symlinks=True)
    data.chmod(0o700)
    owner = postgres.server_owner()
    if owner is None:
        return
    entry = pwd.getpwnam(owner)
    for path in (target, data, *data.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
    postgres.open_parents(target.parent)
    restrict_state(target.parent)


def _run(command: list[str], **secrets: str) -> None:
    program, *arguments = command
    done = subprocess.run(
        [str(postgres.BINARIES / program), *arguments], env=child_environment(secrets), text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ServiceError(f"{program} failed: {last[-300:].rstrip('.')}.")

"""Private folders: only their owner can read the state and the lake, also those of an earlier release."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from stack.settings import Settings

OTHERS = stat.S_IRWXO
GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private(settings: Settings) -> None:
    """Remove the rights of other users from state and lake, and let this process and its children create private files.

    On a cluster, the lake's group keeps its rights: workers may run as other users of that group. Files of other
    users are not changed.
    """
    removed = GROUP_AND_OTHERS if settings.spark_master.startswith("local") else OTHERS
    os.umask(os.umask(removed) | removed)
    if settings.state.is_dir():
        restrict_state(settings.state)
        for path in settings.state.iterdir():
            if path != settings.lake:
                _remove_rights(path, GROUP_AND_OTHERS)
    if settings.lake.is_dir():
        _remove_rights(settings.lake.resolve(), removed)


def restrict_state(state: Path) -> None:
    """Let only the owner use the folder `state`; the group of PostgreSQL's system user may pass through.

    If root started PostgreSQL, that user owns the folder `postgres`.
    """
    data = state / "postgres"
    if os.geteuid() == 0 and data.is_dir() and data.stat().st_uid != state.stat().st_uid:
        os.chown(state, -1, data.stat().st_gid)
        state.chmod(0o710)
    else:
        _remove_rights(state, GROUP_AND_OTHERS)


def _remove_rights(path: Path, rights: int) -> None:
    with suppress(FileNotFoundError):  # another process has renamed it in the meantime
        status = path.lstat()
        is_ours = os.geteuid() in {0, status.st_uid}
        if is_ours and not stat.S_ISLNK(status.st_mode) and status.st_mode & rights:
            path.chmod(stat.S_IMODE(status.st_mode) & ~rights)

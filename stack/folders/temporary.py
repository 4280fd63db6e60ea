"""The temporary folder of a process; it is removed with all files that libraries left in it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.folders.owners import owner_name, remove
from stack.settings import Settings, export

_VARIABLE = "TMPDIR"


@contextmanager
def temporary_folder(settings: Settings) -> Iterator[Path]:
    """Let Python and the programs it starts put temporary files into `<state>/tmp/<owner>`, removed at the end.

    The folder of a killed process is removed by the next step (jobs/runtime/killed_runs.py).
    """
    folder = settings.state / "tmp" / owner_name()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = tempfile.gettempdir()
    _use(folder)
    try:
        yield folder
    finally:
        _use(Path(before))
        remove(folder)


def _use(folder: Path) -> None:
    tempfile.tempdir = str(folder)
    export({_VARIABLE: str(folder)})

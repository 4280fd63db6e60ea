"""Files and folders that readers see whole or not at all."""

import os
import shutil
from pathlib import Path


def replace_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Replace the file `path` in one step. Its rights are those of `mode` that the process's umask leaves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.touch(mode=mode)
    partial.write_text(text)
    partial.replace(path)


def fresh_partial(target: Path) -> Path:
    """A path beside the folder `target` to write it at, later renamed to it.

    What killed runs left there is removed; the path is this process's own, for a killed run's Spark may
    still be writing at its.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f"{target.name}.*.partial"):
        shutil.rmtree(left, ignore_errors=True)
    return target.with_name(f"{target.name}.{os.getpid()}.partial")


def adopt(partial: Path, target: Path) -> None:
    """Make the complete folder `partial` be `target`, in the place of what was there."""
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)

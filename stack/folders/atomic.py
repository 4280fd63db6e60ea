"""Files and folders that readers see whole or not at all."""

import hashlib
import shutil
from pathlib import Path

from stack.folders.owners import owner_name, remove, remove_abandoned


def replace_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Replace the file `path` in one step. Its rights are those of `mode` that the process's umask leaves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{owner_name()}.partial")
    partial.touch(mode=mode)
    partial.write_text(text)
    partial.replace(path)


def fresh_partial(target: Path) -> Path:
    """A path beside the folder `target` to write it at, later renamed to it.

    What killed runs left there is removed; what another process writes there now stays. The path is this process's
    own, for a killed run's Spark may still be writing at its.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{owner_name()}.partial")
    remove(partial)
    remove_abandoned(target.parent.glob(f"{target.name}.*.partial"))
    return partial


def publish_directory(partial: Path, target: Path) -> None:
    """Make the complete folder `partial` be `target`, in the place of what was there."""
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def sha256_of_files(folder: Path, pattern: str) -> dict[str, str]:
    """Name -> SHA-256 of the files of a folder."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob(pattern))}

"""Atomic writes: readers see a file or folder completely or not at all."""

import hashlib
import shutil
from pathlib import Path

from stack.folders.owners import owner_name, remove, remove_abandoned


def replace_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Replace the file `path` in one step. Its rights are `mode` without the bits of the process's umask."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{owner_name()}.partial")
    partial.touch(mode=mode)
    partial.write_text(text)
    partial.replace(path)


def fresh_partial(target: Path) -> Path:
    """A path beside the folder `target`, to write to and then rename to it.

    Partial folders of ended processes are removed, those of running processes stay. Each process has its own path,
    because Spark of a killed run may still be writing.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{owner_name()}.partial")
    remove(partial)
    remove_abandoned(target.parent.glob(f"{target.name}.*.partial"))
    return partial


def publish_directory(partial: Path, target: Path) -> None:
    """Rename the complete folder `partial` to `target`, and replace the earlier folder."""
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def sha256_of_files(folder: Path, pattern: str) -> dict[str, str]:
    """Name -> SHA-256 of the files of a folder."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob(pattern))}

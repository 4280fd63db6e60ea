"""Digests: of a folder of files, and of values."""

import hashlib
from collections.abc import Collection
from pathlib import Path


def folder_sha256(folder: Path, without: Collection[str] = ()) -> str | None:
    """SHA-256 over the files below a folder: for each, in the order of paths, its relative name, size and bytes.

    Args:
        folder: the folder of the files.
        without: names of files to ignore, in all subfolders.

    Returns:
        The digest in hexadecimal; None if there is no file.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    total = hashlib.sha256()
    for path in files:
        name = path.relative_to(folder).as_posix()
        total.update(f"{len(name.encode())}:{name}:{path.stat().st_size}:".encode())
        total.update(path.read_bytes())
    return total.hexdigest() if files else None


def short_digest(*parts: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the `repr` of values, which must not depend on the process."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

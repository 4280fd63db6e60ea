"""Sealed folders: Parquet files with a record of their names, sizes, hashes and rows, which readers check.

The record detects a missing, truncated, damaged or added file. It is no signature: a person who can write to the
folder can write the record too.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from stack.errors import PrichalError
from stack.folders.atomic import replace_text

#: the file with the record; Spark, DuckDB and pyarrow ignore names that begin with an underscore.
RECORD = "_sealed.json"
_LOG = logging.getLogger("prichal")


class BrokenFolderError(PrichalError):
    """A folder's files are not those that were written."""


@dataclass(frozen=True)
class FolderRecord:
    """The record of a folder.

    Attributes:
        rows: number of rows of all files.
        files: size in bytes and SHA-256 by name.
        counts: other counts that were computed when it was written.
    """

    rows: int
    files: Mapping[str, tuple[int, str]]
    counts: Mapping[str, Any]


def seal(folder: Path, counts: Mapping[str, Any] | None = None) -> FolderRecord:
    """Write the record of a complete folder; do this before the folder gets its final name.

    Args:
        folder: a folder with Parquet files.
        counts: other counts that a reader compares, such as rows by population.
    """
    paths = parquet_files(folder)
    files = {path.name: (path.stat().st_size, _sha256(path)) for path in paths}
    record = FolderRecord(parquet_rows(folder, "write it again"), files, dict(counts or {}))
    text = json.dumps({"rows": record.rows, "files": record.files, "counts": record.counts}, indent=1) + "\n"
    replace_text(folder / RECORD, text)
    return record


def check(folder: Path, repair: str, rows: int | None = None) -> FolderRecord:
    """Compare the folder with its record: sizes every time, hashes once per process.

    A folder without a record is of an earlier release, or incomplete. It is sealed if it has `rows` rows.

    Args:
        folder: the folder to read.
        repair: the repair, as the end of a sentence.
        rows: expected number of rows; None if only the record has it.

    Raises:
        BrokenFolderError: has the folder, the problem, and `repair`.
    """
    try:
        return _checked(folder, rows)
    except _DifferenceError as difference:
        raise BrokenFolderError(f"{folder} {difference}: {repair}.") from None


def is_whole(folder: Path) -> bool:
    """Whether a folder that can be rebuilt exists and matches its record; a broken one is logged in one line."""
    if not folder.exists():
        return False
    try:
        check(folder, "it is rebuilt")
    except BrokenFolderError as error:
        warn_once(str(error))
        return False
    return True


@lru_cache(maxsize=1000)
def warn_once(line: str) -> None:
    """Warn that something broken is repaired; the same line once per process."""
    _LOG.warning("%s", line)


def is_sealed(folder: Path) -> bool:
    """Whether the folder has a record."""
    return (folder / RECORD).exists()


def parquet_files(folder: Path) -> list[Path]:
    """The Parquet files of the folder, by name."""
    return sorted(folder.glob("*.parquet"))


def parquet_rows(folder: Path, repair: str) -> int:
    """Number of rows of the folder's files.

    Raises:
        BrokenFolderError: a file is no complete Parquet file; `repair` ends the sentence.
    """
    try:
        return _rows(folder)
    except _DifferenceError as difference:
        raise BrokenFolderError(f"{folder} {difference}: {repair}.") from None


class _DifferenceError(Exception):
    """The difference between a folder and its record, as the middle of a sentence."""


def _checked(folder: Path, rows: int | None) -> FolderRecord:
    if not folder.is_dir():
        raise _DifferenceError("is missing")
    if not is_sealed(folder):
        _seal_older(folder, rows)
    record = _read(folder / RECORD)
    _compare_names(record.files, [path.name for path in parquet_files(folder)])
    for name, (size, sha256) in record.files.items():
        path = folder / name
        if (current := path.stat().st_size) != size:
            raise _DifferenceError(f"is broken: its file {name} has {current:,} bytes instead of {size:,}")
        if _sha256(path) != sha256:
            raise _DifferenceError(f"is broken: its file {name} has changed since it was written")
    if rows is not None and record.rows != rows:
        raise _DifferenceError(f"has {record.rows:,} rows instead of {rows:,}")
    return record


def _seal_older(folder: Path, rows: int | None) -> None:
    if rows is None:
        raise _DifferenceError("has no record of its files")
    if (current := _rows(folder)) != rows:
        raise _DifferenceError(f"has {current:,} rows instead of {rows:,}")
    seal(folder)


def _compare_names(recorded: Iterable[str], current: Iterable[str]) -> None:
    missing, added = sorted(set(recorded) - set(current)), sorted(set(current) - set(recorded))
    if missing:
        raise _DifferenceError(f"is broken: its file {missing[0]} is missing")
    if added:
        raise _DifferenceError(f"is broken: its file {added[0]} is not in its record")


def _read(path: Path) -> FolderRecord:
    try:
        content = json.loads(path.read_text())
        files = {name: (int(size), str(sha256)) for name, (size, sha256) in content["files"].items()}
        return FolderRecord(int(content["rows"]), files, dict(content["counts"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _DifferenceError(f"is broken: its record {path.name} cannot be read") from None


def _rows(folder: Path) -> int:
    import pyarrow
    from pyarrow import parquet

    rows = 0
    for path in parquet_files(folder):
        try:
            rows += parquet.read_metadata(path).num_rows
        except pyarrow.ArrowInvalid:
            raise _DifferenceError(f"is broken: its file {path.name} is no complete Parquet file") from None
    return rows


def _sha256(path: Path) -> str:
    state = path.stat()
    return _sha256_of(path, state.st_size, state.st_mtime_ns, state.st_ino)


@lru_cache(maxsize=100_000)
def _sha256_of(path: Path, _size: int, _changed: int, _inode: int) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

"""Exceptions of the system and of libraries that a user can act on, each as one sentence."""

import errno
import re
from collections.abc import Iterator

import psycopg

from stack.errors import PrichalError

#: libraries whose exceptions contain the system's message in their text.
_LIBRARIES = frozenset({"py4j", "pyspark", "duckdb", "pyarrow", "_duckdb"})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR})
_FULL_TEXT = r"No space left on device|Disk quota exceeded"
_REFUSED_TEXT = r"Read-only file system|Permission denied|Mkdirs failed to create|Not a directory|not a directory"
_DAMAGED_TEXT = (
    r"FAILED_READ_FILE|CANNOT_READ_FILE_FOOTER|PATH_NOT_FOUND|is not a Parquet file|Parquet magic bytes not found|"
    r"No magic bytes found|too small to be a Parquet file|File does not exist|ChecksumException|"
    r"No files found that match"
)


class DiskFullError(PrichalError):
    """The disk is full."""


class WriteRefusedError(PrichalError):
    """A folder or file cannot be written."""


class UnreadableFileError(PrichalError):
    """A Parquet file is missing, truncated or damaged."""


def explain(error: BaseException) -> PrichalError | None:
    """One sentence for the user; None if the exception is a defect of the program, whose traceback is needed."""
    for cause in _causes(error):
        explained = _explain(cause)
        if explained is not None:
            return explained
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and its causes by `raise from`; not the exceptions that were only being handled."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def _explain(error: BaseException) -> PrichalError | None:
    if isinstance(error, psycopg.errors.DiskFull):
        return DiskFullError("PostgreSQL's disk is full: free space there, then run the step again.")
    if isinstance(error, OSError) and error.errno in _FULL:
        return _full(_place(error))
    if isinstance(error, OSError) and error.errno in _REFUSED:
        return _refused(_place(error), error.strerror or type(error).__name__)
    if type(error).__module__.partition(".")[0] in _LIBRARIES:
        return _explain_text(str(error))
    return None


def _explain_text(text: str) -> PrichalError | None:
    if re.search(_FULL_TEXT, text):
        return _full(_path_in(text))
    refused = re.search(_REFUSED_TEXT, text)
    if refused:
        return _refused(_path_in(text[refused.start() :]) or _path_in(text), refused.group())
    if re.search(_DAMAGED_TEXT, text):
        return UnreadableFileError(
            f"A Parquet file is missing, truncated or damaged{_at(_path_in(text))}: run the step again, which rebuilds "
            "a broken snapshot; if the file belongs to a table, run `-e ingest` first."
        )
    return None


def _full(place: str) -> PrichalError:
    return DiskFullError(
        f"The disk is full{_at(place)}: free space for the lake, the state and temporary files, then run the step "
        "again."
    )


def _refused(place: str, why: str) -> PrichalError:
    return WriteRefusedError(
        f"A file or folder cannot be used ({why}){_at(place)}: give this user the right to read and write "
        "there, or set PRICHAL_LAKE and PRICHAL_STATE to folders with that right, then run the step again."
    )


def _place(error: OSError) -> str:
    return "" if error.filename is None else str(error.filename)


def _path_in(text: str) -> str:
    match = re.search(r"(?:file:)?(/[\w./=+%-]+)", text)
    return match.group(1).rstrip(".").split("/_temporary")[0] if match else ""


def _at(place: str) -> str:
    return f" at {place}" if place else ""

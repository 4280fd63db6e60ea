"""Exceptions of the system and of libraries that a person can act on, each as one sentence."""

import errno
import re
from collections.abc import Iterator

import psycopg

from stack.errors import PrichalError

#: libraries whose exceptions carry the system's words in their text.
_LIBRARIES = frozenset({"py4j", "pyspark", "duckdb", "pyarrow", "_duckdb"})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR})
_FULL_TEXT = r"No space left on device|Disk quota exceeded"
_REFUSED_TEXT = r"Read-only file system|Permission denied|Mkdirs failed to create|Not a directory|not a directory"
_CUT_TEXT = (
    r"FAILED_READ_FILE|CANNOT_READ_FILE_FOOTER|PATH_NOT_FOUND|is not a Parquet file|Parquet magic bytes not found|"
    r"No magic bytes found|too small to be a Parquet file|File does not exist|ChecksumException|"
    r"No files found that match"
)


class DiskFullError(PrichalError):
    """There is no room to write."""


class WriteRefusedError(PrichalError):
    """A folder cannot be written to."""


class UnreadableFileError(PrichalError):
    """A file of rows is missing, cut or damaged."""


def explain(error: BaseException) -> PrichalError | None:
    """What to tell a person; None if the exception is a defect of ours, whose traceback is needed."""
    for cause in _causes(error):
        explained = _explain(cause)
        if explained is not None:
            return explained
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it was raised from; not what merely came before it."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def _explain(error: BaseException) -> PrichalError | None:
    if isinstance(error, psycopg.errors.DiskFull):
        return DiskFullError("PostgreSQL's disk is full: make room there, then run the same again.")
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
    if re.search(_CUT_TEXT, text):
        return UnreadableFileError(
            f"A file of rows is missing, cut or damaged{_at(_path_in(text))}: run the same again, which makes a broken "
            "snapshot anew; if the file is a table's, run `-e ingest` first."
        )
    return None


def _full(place: str) -> PrichalError:
    return DiskFullError(
        f"The disk is full{_at(place)}: make room where the lake, the state and temporary files lie, then run the same "
        "again."
    )


def _refused(place: str, why: str) -> PrichalError:
    return WriteRefusedError(
        f"A file or folder cannot be used ({why}){_at(place)}: let the user who runs this read and write "
        "there, or set PRICHAL_LAKE and PRICHAL_STATE to folders where that is so, then run the same again."
    )


def _place(error: OSError) -> str:
    return "" if error.filename is None else str(error.filename)


def _path_in(text: str) -> str:
    match = re.search(r"(?:file:)?(/[\w./=+%-]+)", text)
    return match.group(1).rstrip(".").split("/_temporary")[0] if match else ""


def _at(place: str) -> str:
    return f" at {place}" if place else ""

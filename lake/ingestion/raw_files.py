"""The raw files of a source: which there are, what they hold, from which batch they come."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lake.source import Source
from stack.errors import PrichalError

#: a folder that holds this file holds a simulator's truth, which nothing that predicts may read.
TRUTH = "TRUTH"


class RawFileError(PrichalError):
    """A raw file as a whole cannot be used."""


@dataclass(frozen=True)
class RawFile:
    """One file as it was when it was first looked at.

    Attributes:
        name: its path below the raw folder.
        path: where it is.
        batch_date: the day before which its rows were received, the name of its folder; None outside of batches.
        content: SHA-256 of its bytes.
        state: size in bytes and time of last change, to notice that it changes while it is read.
    """

    name: str
    path: Path
    batch_date: date | None
    content: str
    state: tuple[int, int]

    def check_unchanged(self) -> None:
        """See that the file is still what it was.

        Raises:
            RawFileError: it was written to, or removed.
        """
        if not self.path.exists() or _state(self.path) != self.state:
            raise RawFileError(
                f"{self.name} changed while it was read: nothing was taken; run again once the export is complete."
            )


def find_files(source: Source, raw: Path, today: date) -> list[RawFile]:
    """The source's files in the folder (or the one file) `raw`, in order of their names.

    Raises:
        RawFileError: no file, a batch of the future, or one content twice where rows have no key.
    """
    check_no_truth(raw)
    if not raw.exists():
        raise RawFileError(f"Raw data {raw} does not exist: give the folder (or file) of the exports.")
    paths = sorted(raw.glob(source.files)) if raw.is_dir() else [raw]
    if not paths:
        raise RawFileError(f"Source {source.name}: no file in {raw} is named like {source.files}.")
    files = [_look(path, str(path.relative_to(raw)) if raw.is_dir() else path.name) for path in paths]
    _check_batch_dates(source, files, today)
    if source.key is None:
        _check_contents(source, files)
    return files


def check_no_truth(raw: Path) -> None:
    """See that the folder holds no simulator's truth.

    Raises:
        RawFileError: it, a folder above it or one right below it does.
    """
    below = raw.iterdir() if raw.is_dir() else ()
    for folder in (raw, *raw.resolve().parents, *below):
        if (folder / TRUTH).is_file():
            raise RawFileError(
                f"{raw} holds the truth of a simulation ({folder.name}/{TRUTH}), which nothing that predicts may "
                "read: give the folder of the exports."
            )


def _look(path: Path, name: str) -> RawFile:
    if path.is_dir():
        raise RawFileError(f"{name} cannot be read (it is a folder): give the file of that name.")
    try:
        state = _state(path)
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise RawFileError(f"{name} cannot be read ({error.strerror}): export it again.") from None
    return RawFile(name, path, _batch_date(path.parent.name), digest, state)


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _batch_date(folder: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", folder):
        return None
    try:
        return date.fromisoformat(folder)
    except ValueError:
        return None


def _check_batch_dates(source: Source, files: Sequence[RawFile], today: date) -> None:
    if not source.files.startswith("*/"):
        return
    for file in files:
        if file.batch_date is None:
            raise RawFileError(
                f"{file.name} is in no batch: its folder must be named by the day before which its rows were "
                "received, such as 2026-03-01."
            )
        if file.batch_date > today:
            raise RawFileError(
                f"{file.name} is from the future: its batch {file.batch_date} is later than today, {today}; mend the "
                "folder's name or the clock."
            )


def _check_contents(source: Source, files: Sequence[RawFile]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.content in seen:
            raise RawFileError(
                f"{file.name} holds the very bytes of {seen[file.content]}, and the rows of source {source.name} have "
                "no key to tell them apart: remove one of the two."
            )
        seen[file.content] = file.name

"""Folders of a table whose files are not those that were written, and what an ingest makes anew."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from lake.ingest.raw_files import RawFileError
from lake.table import Manifest, Table, Taken
from stack.folders.checked_folder import (
    BrokenFolderError,
    check,
    is_sealed,
    parquet_files,
    parquet_rows,
    seal,
    tell,
)

_READ_ANEW = "its files are read anew"


@dataclass(frozen=True)
class Damage:
    """What is broken of a table.

    Attributes:
        months: the months to make anew from the staged batches.
        batches: the batches whose files must be read anew.
    """

    months: frozenset[str] = frozenset()
    batches: frozenset[str] = frozenset()

    def check_raw_files(self, files: Mapping[str, Taken], there: Collection[str]) -> None:
        """See that every file of a broken batch can be read anew.

        Args:
            files: that the table is to keep, by name.
            there: names of the files in the raw folder.

        Raises:
            RawFileError: one is not in the raw folder any more.
        """
        gone = sorted(name for name, file in files.items() if file.batch in self.batches and name not in there)
        if gone:
            raise RawFileError(
                f"The staged rows of {gone[0]} are broken in the lake, and {len(gone)} such files are no longer in the "
                "raw folder: bring them back and run `-e ingest` again. The table was left as it was."
            )


def find_damage(table: Table, manifest: Manifest) -> Damage:
    """Check every month and batch that the manifest names; one line tells of each that is broken."""
    months = {name for name, month in manifest.months.items() if month.rows_kept and _is_broken_month(table, name)}
    batches = {file.batch for file in manifest.files.values()}
    return Damage(frozenset(months), frozenset(name for name in batches if _is_broken_batch(table, manifest, name)))


def _is_broken_month(table: Table, name: str) -> bool:
    try:
        table.checked_month(name, table.require().months[name])
    except BrokenFolderError as error:
        return _tell_broken(error, "the month is made anew")
    return False


def _is_broken_batch(table: Table, manifest: Manifest, name: str) -> bool:
    folder = table.batch(name)
    try:
        if folder.is_dir() and not is_sealed(folder):
            _seal_older(folder, [file for file in manifest.files.values() if file.batch == name])
        check(folder, _READ_ANEW)
    except BrokenFolderError as error:
        return _tell_broken(error, _READ_ANEW)
    return False


def _tell_broken(error: BrokenFolderError, repair: str) -> bool:
    tell(f"{str(error).rsplit(': ', 1)[0]}: {repair}.")
    return True


def _seal_older(folder: Path, files: Collection[Taken]) -> None:
    """Seal a batch of an earlier release, if it holds as many sound rows of its files as the manifest counts."""
    from pyarrow import compute, dataset

    parquet_rows(folder, _READ_ANEW)  # tells of a file that is none
    paths = [str(path) for path in parquet_files(folder)]
    recorded, sound_rows = sum(sum(file.months.values()) for file in files), 0
    if paths:
        sound = compute.field("_reason").is_null() & compute.field("_file").isin([file.place for file in files])
        sound_rows = dataset.dataset(paths).count_rows(filter=sound)
    if sound_rows != recorded:
        raise BrokenFolderError(f"{folder} holds {sound_rows:,} sound rows, {recorded:,} are recorded: {_READ_ANEW}.")
    seal(folder)

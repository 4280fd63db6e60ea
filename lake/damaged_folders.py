"""Damaged folders of a table: which months and batches an ingest must rebuild."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from lake.ingestion.raw_files import RawFileError
from lake.table import IngestedFile, Manifest, Table
from stack.folders.checked_folder import (
    BrokenFolderError,
    check,
    is_sealed,
    parquet_files,
    parquet_rows,
    seal,
    warn_once,
)

_REPAIR = "its files are read again"


@dataclass(frozen=True)
class Damage:
    """The damaged parts of a table.

    Attributes:
        months: the months to rebuild from the staged batches.
        batches: the batches whose raw files must be read again.
    """

    months: frozenset[str] = frozenset()
    batches: frozenset[str] = frozenset()

    def check_raw_files(self, files: Mapping[str, IngestedFile], there: Collection[str]) -> None:
        """Check that every file of a damaged batch is in the raw folder.

        Args:
            files: the files that the table keeps, by name.
            there: the names of the files in the raw folder.

        Raises:
            RawFileError: a file is missing.
        """
        gone = sorted(name for name, file in files.items() if file.batch in self.batches and name not in there)
        if gone:
            raise RawFileError(
                f"The staged rows of {gone[0]} are broken in the lake, and {len(gone)} such files are no longer in the "
                "raw folder: bring them back and run `-e ingest` again. The table was left as it was."
            )


def find_damage(table: Table, manifest: Manifest) -> Damage:
    """Check every month and batch of the manifest and log a line for each damaged one."""
    months = {name for name, month in manifest.months.items() if month.rows_kept and _is_broken_month(table, name)}
    batches = {file.batch for file in manifest.files.values()}
    return Damage(frozenset(months), frozenset(name for name in batches if _is_broken_batch(table, manifest, name)))


def _is_broken_month(table: Table, name: str) -> bool:
    try:
        table.checked_month(name, table.require().months[name])
    except BrokenFolderError as error:
        return _report_damage(error, "the month is rebuilt")
    return False


def _is_broken_batch(table: Table, manifest: Manifest, name: str) -> bool:
    folder = table.batch(name)
    try:
        if folder.is_dir() and not is_sealed(folder):
            _seal_older(folder, [file for file in manifest.files.values() if file.batch == name])
        check(folder, _REPAIR)
    except BrokenFolderError as error:
        return _report_damage(error, _REPAIR)
    return False


def _report_damage(error: BrokenFolderError, repair: str) -> bool:
    warn_once(f"{str(error).rsplit(': ', 1)[0]}: {repair}.")
    return True


def _seal_older(folder: Path, files: Collection[IngestedFile]) -> None:
    """Seal a batch of an earlier release if its number of valid rows is the manifest's."""
    from pyarrow import compute, dataset

    parquet_rows(folder, _REPAIR)  # raises if a file is damaged
    paths = [str(path) for path in parquet_files(folder)]
    recorded, valid_rows = sum(sum(file.months.values()) for file in files), 0
    if paths:
        is_valid = compute.field("_reason").is_null() & compute.field("_file").isin([file.place for file in files])
        valid_rows = dataset.dataset(paths).count_rows(filter=is_valid)
    if valid_rows != recorded:
        raise BrokenFolderError(f"{folder} has {valid_rows:,} valid rows instead of {recorded:,}: {_REPAIR}.")
    seal(folder)

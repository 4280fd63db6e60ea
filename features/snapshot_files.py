"""The record of a snapshot's files: sealed when it is made, checked before it is used."""

import json
from datetime import date
from pathlib import Path

from stack.folders.checked_folder import (
    BrokenFolderError,
    FolderRecord,
    check,
    is_sealed,
    parquet_files,
    parquet_rows,
    seal,
    warn_once,
)

#: an earlier release's record: the number of rows alone.
OLDER_RECORD = "_rows.json"
_REPAIR = "run `-e features`, which makes it anew"


def seal_snapshot(folder: Path) -> FolderRecord:
    """Write the record of a complete snapshot, with the rows of each population."""
    return seal(folder, {"populations": _population_counts(folder)})


def check_snapshot(folder: Path) -> FolderRecord:
    """Compare a snapshot with its record; one of an earlier release is sealed if it holds the recorded number of rows.

    Raises:
        BrokenFolderError: a file is missing, cut, damaged or added.
    """
    if folder.is_dir() and not is_sealed(folder):
        rows, recorded = parquet_rows(folder, _REPAIR), _older_rows(folder)
        if rows != recorded:
            raise BrokenFolderError(f"{folder} has {rows:,} rows instead of {recorded:,}: {_REPAIR}.")
        seal_snapshot(folder)
    return check(folder, _REPAIR)


def is_whole_snapshot(folder: Path) -> bool:
    """Whether the snapshot is there and as recorded; one that is broken is told in one line, for it is rebuilt."""
    if not folder.exists():
        return False
    try:
        check_snapshot(folder)
    except BrokenFolderError as error:
        warn_once(str(error).replace(_REPAIR, "it is rebuilt"))
        return False
    return True


def find_snapshot(folder: Path, as_of: date, digest: str | None) -> Path | None:
    """Folder of the snapshot with this digest, current or replaced; None if it is not stored, or damaged."""
    path = folder / f"as_of={as_of.isoformat()}" / (digest or "none")
    return path if is_whole_snapshot(path) else None


def member_count(folder: Path, population: str, *, unlabelled: bool) -> int:
    """How many rows of a population the record of a snapshot counts.

    Args:
        folder: of the snapshot.
        population: its name.
        unlabelled: count only the rows without a label.
    """
    rows, without_label = check_snapshot(folder).counts["populations"].get(population, (0, 0))
    return int(without_label if unlabelled else rows)


def _older_rows(folder: Path) -> int:
    try:
        return int(json.loads((folder / OLDER_RECORD).read_text())["rows"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        raise BrokenFolderError(f"{folder} has no record of its files: {_REPAIR}.") from None


def _population_counts(folder: Path) -> dict[str, tuple[int, int]]:
    """Population -> its rows, and how many of them have no label."""
    from pyarrow import compute, dataset

    table = dataset.dataset([str(path) for path in parquet_files(folder)]).to_table(columns=["population", "label"])
    every, nulls = compute.CountOptions(mode="all"), compute.CountOptions(mode="only_null")
    counted = table.group_by("population").aggregate([("label", "count", every), ("label", "count", nulls)])
    names = counted.column("population").to_pylist()
    rows, without_label = (column.to_pylist() for column in counted.drop_columns("population").columns)
    return {name: (rows[place], without_label[place]) for place, name in enumerate(names)}

"""Snapshots, partial aggregates and window states without the rows of erased people."""

from datetime import date
from pathlib import Path

from features.snapshot_files import seal_snapshot
from features.snapshots import Snapshots
from lake.erasure.folders import erase_folder, remove_folders_with
from lake.erasure.people import PERSON, ErasedPeople


def current_snapshots(snapshots: Snapshots) -> dict[date, Path]:
    """Date -> folder of each stored snapshot that is up to date."""
    paths = {day: snapshots.path(day) for day in stored_dates(snapshots.folder)}
    return {day: path for day, path in paths.items() if path.exists()}


def every_snapshots(snapshots: Snapshots) -> list[Snapshots]:
    """The snapshots of all people, and those of each population that has its own."""
    return [snapshots, *(snapshots.of(population) for population in snapshots.spec.populations
                         if population.every_days is not None)]  # fmt: skip


def stored_dates(folder: Path) -> list[date]:
    """The dates that have a folder of snapshots, in order."""
    return sorted(date.fromisoformat(path.name.removeprefix("as_of=")) for path in folder.glob("as_of=????-??-??"))


def erase_from_features(snapshots: Snapshots, erased: ErasedPeople) -> int:
    """Remove the rows of erased people from snapshots; remove partial aggregates and window states that have some.

    The removed ones change with the lake, and are computed again from it.

    Returns:
        Number of rows removed from snapshots.
    """
    daily = snapshots.folder.parent / "daily"
    for pattern in ("partials/*/day=*/*", "states/*/*"):
        remove_folders_with([path for path in daily.glob(pattern) if path.is_dir()], erased, {"entity": PERSON})
    kinds = {snapshots.spec.entity: PERSON}
    folders = [path for pattern in ("", "population=*/") for path in snapshots.folder.glob(f"{pattern}as_of=*/*")]
    return sum(erase_folder(path, erased, kinds, seal_snapshot) for path in folders if path.is_dir())


def rename_snapshots(before: dict[date, Path], snapshots: Snapshots) -> int:
    """Give snapshots the names that they have after the erasure: a name is a hash of the rows of the lake.

    A row of another person does not change by an erasure, so the rows of a snapshot are those that would be computed.

    Args:
        before: the snapshots that were up to date before the lake changed.
        snapshots: of the lake as it is now.

    Returns:
        Number of renamed snapshots.
    """
    count = 0
    for day, folder in before.items():
        target = snapshots.path(day)
        if folder != target and folder.exists() and not target.exists():
            folder.rename(target)
            count += 1
    return count

"""Folders of Parquet without the rows of erased people. A folder is replaced as a whole, and sealed anew."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.erasure.people import ErasedPeople
from stack.folders.atomic import fresh_partial
from stack.folders.checked_folder import is_sealed, parquet_files, seal
from stack.folders.owners import remove

#: end of the name of a folder while its successor takes its place.
REPLACED = ".replaced"
Kinds = Mapping[str, str]


def count_erased(path: Path, erased: ErasedPeople, kinds: Kinds) -> int:
    """Number of rows of a Parquet file that belong to erased people."""
    with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
        columns = [name for name in kinds if name in file.schema_arrow.names]
        if not columns:
            return 0
        return sum(int(pc.sum(erased.mask(part, kinds)).as_py() or 0) for part in file.iter_batches(columns=columns))


def erase_file(path: Path, erased: ErasedPeople, kinds: Kinds) -> int:
    """Remove the rows of erased people from a Parquet file; the file is replaced in one step.

    Returns:
        Number of removed rows.
    """
    count = count_erased(path, erased, kinds)
    if count:
        partial = path.with_name(f".{path.name}.partial")
        _write_others(path, partial, erased, kinds)
        path.with_name(f".{path.name}.crc").unlink(missing_ok=True)  # Spark's checksum of the file
        partial.replace(path)
    return count


def erase_folder(folder: Path, erased: ErasedPeople, kinds: Kinds, seal_folder: Callable[[Path], object] = seal) -> int:
    """Remove the rows of erased people from the Parquet files of a folder, and seal it if it was sealed.

    Args:
        folder: it is replaced by its successor, unless it has no such row.
        erased: the people.
        kinds: column -> kind of identifier.
        seal_folder: writes the record of the files.

    Returns:
        Number of removed rows.
    """
    counts = {path: count_erased(path, erased, kinds) for path in parquet_files(folder)}
    if not any(counts.values()):
        return 0
    partial = fresh_partial(folder)
    partial.mkdir(parents=True)
    for path, count in counts.items():
        if count:
            _write_others(path, partial / path.name, erased, kinds)
        else:
            os.link(path, partial / path.name)
    if is_sealed(folder):
        seal_folder(partial)
    replaced = folder.with_name(f"{folder.name}{REPLACED}")
    folder.rename(replaced)
    partial.rename(folder)
    remove(replaced)
    return sum(counts.values())


def recover_replaced(folders: Iterable[Path]) -> None:
    """Complete the replacements of a killed erasure: below these folders, bring back or remove what was replaced."""
    for parent in folders:
        for replaced in parent.rglob(f"*{REPLACED}"):
            target = replaced.with_name(replaced.name.removesuffix(REPLACED))
            if target.exists():
                remove(replaced)
            else:
                replaced.rename(target)


def remove_folders_with(folders: Iterable[Path], erased: ErasedPeople, kinds: Kinds) -> int:
    """Remove the folders that have a row of an erased person, because they can be computed; returns their number."""
    count = 0
    for folder in folders:
        if any(count_erased(path, erased, kinds) for path in parquet_files(folder)):
            shutil.rmtree(folder)
            count += 1
    return count


def _write_others(path: Path, target: Path, erased: ErasedPeople, kinds: Kinds) -> None:
    with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
        groups = file.metadata.num_row_groups
        codec = file.metadata.row_group(0).column(0).compression if groups else "SNAPPY"
        with pq.ParquetWriter(target, file.schema_arrow, compression=codec) as writer:
            for part in file.iter_batches():
                writer.write_batch(part.filter(pc.invert(erased.mask(part, kinds))))

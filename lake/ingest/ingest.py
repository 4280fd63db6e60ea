"""Raw files to a typed, de-duplicated table, with every row accounted for."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lake.damaged_folders import Damage, find_damage
from lake.ingest.batches import QuarantineError, stage
from lake.ingest.raw_files import RawFile, RawFileError, find
from lake.source import Source
from lake.table import Manifest, Month, Table, Taken

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: raise when the same files must be read anew because what we make of them changed.
VERSION = 3


@dataclass(frozen=True)
class Ingested:
    """What an ingest did; rows in = rows kept + duplicates + quarantined.

    `taken` counts the files that were read now, new ones and corrected ones.
    """

    source: str
    manifest: Manifest
    taken: int


def ingest(
    spark: "Callable[[], SparkSession]",
    source: Source,
    raw: Path,
    table: Table,
    *,
    time_zone: str = "UTC",
    today: date | None = None,
) -> Ingested:
    """Take what is new in the folder (or the one file) `raw` into `table`.

    A file already taken is not read again; one whose bytes changed replaces its rows. A drop that is no longer
    there keeps its rows, for drops get archived; outside of drops the table is what the folder holds. Months and
    batches whose files are not those that were written are made anew.

    Args:
        spark: gives the session, in the time zone; not called when nothing is new.
        source: the declaration.
        raw: a folder holding the source's files, or one file.
        table: where the rows go.
        time_zone: in which moments without an offset are told and days begin.
        today: no drop may be later; by default the day that it is in the time zone.

    Raises:
        RawFileError: no file, one that cannot be used, or one that must be read anew and is no longer there.
        QuarantineError: more rows are unusable than `source.max_quarantined`; the table keeps its old rows.
    """
    today = today or datetime.now(ZoneInfo(time_zone)).date()
    files = find(source, raw, today)
    mark = _hash(VERSION, source, time_zone, *([source.written_as] if source.dialect is not None else []))
    current = table.manifest()
    same = current is not None and current.mark == mark
    before = current.files if current is not None and same else {}
    if current is not None and not same:
        _check_nothing_archived(source, current, {file.name for file in files}, raw)
    damage = find_damage(table, current) if current is not None and same else Damage()
    new = [file for file in files if not _is_taken(file, before, damage)]
    names = {file.name for file in files}
    kept = {name: one for name, one in before.items() if one.drop is not None or name in names}
    damage.check_raw_files(kept, names)
    if current is not None and not new and kept == before and not damage.months:
        return Ingested(source.name, current, taken=0)
    if new:
        batch = _hash(mark, [(file.name, file.content) for file in new])
        kept |= stage(spark, source, new, table, batch, today)
    if not any(one.months for one in kept.values()):
        raise RawFileError(f"Source {source.name}: its files hold a header and no row; export them again.")
    from lake.ingest import months  # here, for it imports Spark, which a run that has nothing to take does without

    unchanged = current.months if current is not None and before else {}
    wanted = months.changed_months(before, kept) | damage.months
    built = months.build(spark(), source, table, kept, wanted, mark)
    _stop_if_too_many(source, sum(kept[file.name].rows_in for file in new), unchanged, built)
    made = {**unchanged, **built}
    manifest = _manifest(kept, {name: one for name, one in made.items() if one.rows_kept or one.contradictions}, mark)
    table.publish(manifest)
    return Ingested(source.name, manifest, len(new))


def _is_taken(file: RawFile, before: Mapping[str, Taken], damage: Damage) -> bool:
    """Whether the table already holds the file's rows, whole."""
    taken = before.get(file.name)
    return taken is not None and taken.content == file.content and taken.batch not in damage.batches


def _check_nothing_archived(source: Source, current: Manifest, names: set[str], raw: Path) -> None:
    """Another declaration reads every file anew, so every file must be there."""
    gone = sorted(name for name, one in current.files.items() if one.drop is not None and name not in names)
    if gone:
        raise RawFileError(
            f"Source {source.name} is declared otherwise than when its drops were taken, and {len(gone)} of them "
            f"({gone[0]} the first) are no longer in {raw}: bring them back to be read anew, or undo the change. "
            "The table was left as it was."
        )


def _stop_if_too_many(source: Source, rows_in: int, before: Mapping[str, Month], built: Mapping[str, Month]) -> None:
    """Rows that contradict each other cannot be used either; they are known only once keys have been compared."""
    known = sum(before[name].contradictions for name in built if name in before)
    found = sum(one.contradictions for one in built.values()) - known
    kept = sum(one.rows_kept for one in {**before, **built}.values())
    if (found > 0 and found > source.max_quarantined * rows_in) or not kept:
        raise QuarantineError(
            f"Source {source.name}: {found} of {rows_in} rows contradict another row of their drop with the same "
            f"{', '.join(source.key or ())}, at most {source.max_quarantined:.1%} may; mend the export, or raise "
            "max_quarantined of the source. The table was left as it was."
        )


def _manifest(files: Mapping[str, Taken], made: Mapping[str, Month], mark: str) -> Manifest:
    days = [day for one in made.values() for day in one.days]
    start, last = min(days), max(days)
    drops = [one.drop for one in files.values() if one.drop]
    end = max(drops) if drops else (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    digest = _hash(mark, sorted((name, one.digest) for name, one in made.items()))
    return Manifest(digest, mark, start, end, dict(files), dict(made))


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

"""Raw files to a typed, de-duplicated table, with every row accounted for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from lake.damaged_folders import Damage, find_damage
from lake.erasure.people import ErasedPeople
from lake.ingestion import months
from lake.ingestion.batches import QuarantineError, stage
from lake.ingestion.file_checks import check
from lake.ingestion.raw_files import RawFile, RawFileError, find_files
from lake.source import Source
from lake.table import IngestedFile, Manifest, Month, Table
from stack.engines.engine import Engine
from stack.folders.digest import short_digest

#: increase this when the same files give other rows, so that they are read again.
VERSION = 3


@dataclass(frozen=True)
class Ingested:
    """The result of an ingest; rows in = rows kept + duplicates + quarantined.

    `taken` is the number of new and changed files that were read.
    """

    source: str
    manifest: Manifest
    taken: int


def ingest(
    engine: Callable[[], Engine],
    source: Source,
    raw: Path,
    table: Table,
    *,
    time_zone: str = "UTC",
    today: date | None = None,
    erased: ErasedPeople | None = None,
) -> Ingested:
    """Ingest new and changed files of the folder (or single file) `raw` into `table`.

    Known files are not read again; changed ones replace their rows; rows of missing files of daily batches stay.

    Args:
        engine: returns the engine, in the time zone; not called if no file is new.
        source: the declaration.
        raw: a folder with the source's files, or a single file.
        table: the table to write.
        time_zone: of moments without an offset, and of days.
        today: no batch may be later; by default today there.
        erased: people whose rows are left out.

    Raises:
        RawFileError: there is no file, a file cannot be used, or a file that must be read again is missing.
        QuarantineError: the share of unusable rows is above `source.max_quarantined`; the table keeps its old rows.
    """
    today = today or datetime.now(ZoneInfo(time_zone)).date()
    files = find_files(source, raw, today)
    declaration_digest, earlier_digest = _declaration_digests(source, time_zone)
    source = source.stored
    current = table.manifest()
    is_same_declaration = current is not None and current.declaration_digest in {declaration_digest, earlier_digest}
    before = current.files if current is not None and is_same_declaration else {}
    if current is not None and not is_same_declaration:
        _check_nothing_archived(source, current, {file.name for file in files}, raw)
    damage = find_damage(table, current) if current is not None and is_same_declaration else Damage()
    new = [file for file in files if not _is_ingested(file, before, damage)]
    names = {file.name for file in files}
    ingested = {name: entry for name, entry in before.items() if entry.drop is not None or name in names}
    damage.check_raw_files(ingested, names)
    if current is not None and not new and ingested == before and not damage.months:
        return Ingested(source.name, _with_digest(table, current, declaration_digest), taken=0)
    for file in new:
        check(source, file)
    runner = engine()
    if new:
        batch = short_digest(declaration_digest, [(file.name, file.content) for file in new])
        ingested |= stage(runner, source, new, table, batch, today, time_zone, erased)
    if not any(entry.months for entry in ingested.values()):
        raise RawFileError(f"Source {source.name}: its files hold a header and no row; export them again.")
    unchanged = current.months if current is not None and before else {}
    wanted = months.changed_months(before, ingested) | damage.months
    built = months.build(runner, source, table, ingested, wanted, declaration_digest)
    _check_contradictions(source, sum(ingested[file.name].rows_in for file in new), unchanged, built)
    all_months = {**unchanged, **built}
    filled = {name: entry for name, entry in all_months.items() if entry.rows_kept or entry.contradictions}
    manifest = _manifest(ingested, filled, declaration_digest)
    table.publish(manifest)
    return Ingested(source.name, manifest, len(new))


def _declaration_digests(source: Source, time_zone: str) -> tuple[str, str]:
    """Hashes of the declarations that decide the stored rows: of this release, and of earlier ones.

    Earlier releases hashed all declarations, so a changed lookup or measure made them read all files again.
    """
    dialect = [source.written_as] if source.dialect is not None else []
    return short_digest(VERSION, source.stored, time_zone, *dialect), short_digest(VERSION, source, time_zone, *dialect)


def _with_digest(table: Table, current: Manifest, declaration_digest: str) -> Manifest:
    """The manifest, with this release's digest of the same declaration."""
    if current.declaration_digest == declaration_digest:
        return current
    manifest = replace(current, declaration_digest=declaration_digest)
    table.publish(manifest)
    return manifest


def _is_ingested(file: RawFile, before: Mapping[str, IngestedFile], damage: Damage) -> bool:
    """Whether the table already holds the file's rows, undamaged."""
    ingested = before.get(file.name)
    return ingested is not None and ingested.content == file.content and ingested.batch not in damage.batches


def _check_nothing_archived(source: Source, current: Manifest, names: set[str], raw: Path) -> None:
    """Check that every ingested file is present, because a changed declaration reads all files again."""
    gone = sorted(name for name, file in current.files.items() if file.drop is not None and name not in names)
    if gone:
        raise RawFileError(
            f"The declaration of source {source.name} changed, so all batches must be read again, and {len(gone)} of "
            f"them (first: {gone[0]}) are no longer in {raw}: bring them back, or undo the change. "
            "The table was left as it was."
        )


def _check_contradictions(
    source: Source, rows_in: int, before: Mapping[str, Month], built: Mapping[str, Month]
) -> None:
    """Check the share of contradicting rows, which are known only after keys were compared."""
    earlier = sum(before[name].contradictions for name in built if name in before)
    count = sum(month.contradictions for month in built.values()) - earlier
    total = sum(month.rows_kept for month in {**before, **built}.values())
    if (count > 0 and count > source.max_quarantined * rows_in) or not total:
        raise QuarantineError(
            f"Source {source.name}: {count} of {rows_in} rows contradict another row of their batch with the same "
            f"{', '.join(source.key or ())}, at most {source.max_quarantined:.1%} may; mend the export, or raise "
            "max_quarantined of the source. The table was left as it was."
        )


def _manifest(files: Mapping[str, IngestedFile], months: Mapping[str, Month], declaration_digest: str) -> Manifest:
    days = [day for month in months.values() for day in month.days]
    start, last = min(days), max(days)
    batch_dates = [file.drop for file in files.values() if file.drop]
    end = max(batch_dates) if batch_dates else (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    digest = short_digest(declaration_digest, sorted((name, month.digest) for name, month in months.items()))
    return Manifest(digest, declaration_digest, start, end, dict(files), dict(months))

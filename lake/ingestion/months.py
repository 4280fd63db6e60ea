"""The rows of a table: one per key, in a folder for the month of the event."""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from lake.ingestion.deduplication import (
    CONTRADICTION,
    RESOLUTION,
    ROW,
    superseded_rows,
)
from lake.ingestion.quarantine import position_sql
from lake.source import BATCH_DATE, CONTENT, MONTH, Source
from lake.table import DayChecksum, IngestedFile, Month, Table
from stack.engines.engine import Engine
from stack.folders.atomic import fresh_partial, publish_directory
from stack.folders.checked_folder import seal

Batches = Mapping[str, Mapping[str, IngestedFile]]


def changed_months(before: Mapping[str, IngestedFile], after: Mapping[str, IngestedFile]) -> set[str]:
    """The months with rows of a new, changed or removed file."""
    touched = [file for name, file in before.items() if after.get(name) != file]
    touched += [file for name, file in after.items() if before.get(name) != file]
    return {month for file in touched for month in file.months}


def build(
    engine: Engine,
    source: Source,
    table: Table,
    files: Mapping[str, IngestedFile],
    wanted: Iterable[str],
    declaration_digest: str,
) -> dict[str, Month]:
    """Write the folders of the wanted months, and of all months that share a key with them.

    Args:
        engine: runs the queries.
        source: the declaration.
        table: its batches are read and its months are written.
        files: the files of the table.
        wanted: months, such as 2026-03.
        declaration_digest: hash of the declaration and of the reader's version.
    """
    batches = _batches(files)
    valid, rows = f"valid_{source.name}", f"months_{source.name}"
    engine.show(valid, _valid_rows_sql(engine, table, source, batches))
    months = _months_sharing_keys(engine, valid, source, set(wanted))
    if not months:
        return {}
    engine.show(rows, f"select * from {valid} where {MONTH} in ({_texts(sorted(months))})")
    digest = _digest(declaration_digest, files)
    partial = fresh_partial(table.folder / "months-made")
    with superseded_rows(engine, rows, source) as superseded:
        columns = ", ".join(f"`{column.name}`" for column in source.columns)
        kept_sql = f"select {MONTH}, {CONTENT}, {columns} from {rows} as row"
        if superseded is not None:
            kept_sql += f" left anti join {superseded} as other on {_same_row()}"
        engine.write(kept_sql, partial, MONTH)
        contradictions = (
            {} if superseded is None else _quarantine_contradictions(engine, superseded, source, table, batches, digest)
        )
    written = {month: Month(digest, contradictions.get(month, 0)) for month in sorted(months)}
    for month, checksums in _day_checksums(engine, source, partial).items():
        written[month] = replace(written[month], checksums=tuple(checksums))
        table.month(month, digest).parent.mkdir(parents=True, exist_ok=True)
        seal(partial / f"{MONTH}={month}")
        publish_directory(partial / f"{MONTH}={month}", table.month(month, digest))
    shutil.rmtree(partial, ignore_errors=True)
    return written


def _day_checksums(engine: Engine, source: Source, folder: Path) -> dict[str, list[DayChecksum]]:
    """The checksums of the written rows, by month."""
    folders = sorted(folder.glob(f"{MONTH}=*"))
    if not folders:
        return {}
    written = f"written_{source.name}"
    engine.show_files(written, folders)
    # The upper 40 bits of each hash: a sum of eight million hashes fits in a bigint.
    counted = engine.rows(
        f"select to_date({source.event_time}) as day, to_date({source.known_sql}) as known_day, count(*) as rows, "
        f"sum(shiftright({CONTENT}, 24)) as content from {written} "
        f"group by to_date({source.event_time}), to_date({source.known_sql}) order by day, known_day"
    )
    checksums: dict[str, list[DayChecksum]] = defaultdict(list)
    for day, known_day, count, content in counted:
        checksums[f"{day:%Y-%m}"].append(DayChecksum(str(day), str(known_day), int(count), int(content)))
    return checksums


def _digest(declaration_digest: str, files: Mapping[str, IngestedFile]) -> str:
    contents = sorted((name, file.content) for name, file in files.items())
    return hashlib.sha256(repr((declaration_digest, contents)).encode()).hexdigest()[:16]


def _batches(files: Mapping[str, IngestedFile]) -> Batches:
    batches: dict[str, dict[str, IngestedFile]] = {}
    for name, file in sorted(files.items()):
        batches.setdefault(file.batch, {})[name] = file
    return batches


def _valid_rows_sql(engine: Engine, table: Table, source: Source, batches: Batches) -> str:
    """SQL of the valid rows of the files, with month, batch and position."""
    parts = []
    columns = ", ".join(f"`{column.name}`" for column in source.columns)
    for number, (batch, files) in enumerate(batches.items()):
        view = f"batch_{source.name}_{number}"
        engine.show_files(view, [table.batch(batch)])
        places = ", ".join(str(file.place) for file in files.values())
        parts.append(
            f"select '{batch}' as _batch, _file, {_position(engine.columns(view), files)}, {MONTH}, {CONTENT}, "
            f"{columns}\nfrom {view} where _reason is null and _file in ({places})"
        )
    return "\nunion all\n".join(parts)


def _position(columns: list[str], files: Mapping[str, IngestedFile]) -> str:
    """SQL of a row's number in its file, its line and the day of its batch."""
    if BATCH_DATE in columns:
        return f"_line as _id, _line, {BATCH_DATE}"
    # A batch of an earlier release: `_at` holds a number of the row, and only the manifest has the batch's day.
    line = "_line" if "_line" in columns else "_at.id % 8589934592 + 1 as _line"
    days = " ".join(f"when {file.place} then '{file.drop or ''}'" for file in files.values())
    return f"_at.id as _id, {line}, case _file {days} end as {BATCH_DATE}"


def _months_sharing_keys(engine: Engine, rows: str, source: Source, wanted: set[str]) -> set[str]:
    """The wanted months and all months linked to them, directly or not, by a key with rows in both."""
    if source.key is None or source.event_time in source.key:
        return wanted
    if {month for (month,) in engine.rows(f"select distinct {MONTH} from {rows}")} <= wanted:
        return wanted
    hashed = f"select distinct xxhash64({', '.join(f'`{name}`' for name in source.key)}) as _key, {MONTH} from {rows}"
    shared = engine.rows(
        f"select distinct months from (select array_join(sort_array(collect_list({MONTH})), ',') as months "
        f"from ({hashed}) group by _key having count(*) > 1)"
    )
    ties = [set(str(months).split(",")) for (months,) in shared]
    months, size = set(wanted), -1
    while len(months) != size:
        size = len(months)
        months |= {month for tie in ties if tie & months for month in tie}
    return months


def _quarantine_contradictions(
    engine: Engine, superseded: str, source: Source, table: Table, batches: Batches, digest: str
) -> dict[str, int]:
    """Write contradicting rows to quarantine with file, position and text, and count them by month."""
    target = table.quarantine / f"contradictions-{digest}"
    shutil.rmtree(target, ignore_errors=True)
    is_contradiction = f"{RESOLUTION} = '{CONTRADICTION}'"
    grouped = f"select {MONTH}, count(*) from {superseded} where {is_contradiction} group by {MONTH}"
    counts = {str(month): int(count) for month, count in engine.rows(grouped)}
    if not counts:
        return {}
    rows = (
        f"select row.* from months_{source.name} as row "
        f"left semi join (select * from {superseded} where {is_contradiction}) as other on {_same_row()}"
    )
    raw = f"to_json(struct({', '.join(f'`{column.name}`' for column in source.columns)}))"
    reason = f"contradicts another row of its batch with the same {', '.join(source.key or ())}"
    parts = [
        f"select {position_sql({file.place: name for name, file in files.items()}, source)}, {raw} as raw, "
        f"'{reason}' as reason from ({rows}) where _batch = '{batch}'"
        for batch, files in batches.items()
    ]  # fmt: skip
    engine.save("\nunion all\n".join(parts), target)
    return counts


def _same_row() -> str:
    return " and ".join(f"row.{name} = other.{name}" for name in ROW)


def _texts(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)

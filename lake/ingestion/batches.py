"""Files to one batch: every row typed or with its reason, kept as Parquet, and counted."""

import heapq
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lake.erasure.people import ErasedPeople, without_erased
from lake.ingestion.quarantine import position_sql
from lake.ingestion.raw_files import RawFile, RawFileError
from lake.ingestion.reader import BLANK, HEADER, FileColumn
from lake.ingestion.staging import StagedFile, StagingTask, stage_files
from lake.ingestion.validation import validation_sql
from lake.source import MONTH, NUMBERS, Column, Source
from lake.table import IngestedFile, Table
from stack.engines.engine import Engine
from stack.errors import PrichalError
from stack.folders.atomic import fresh_partial, publish_directory
from stack.folders.checked_folder import seal

#: many small files share a task, since starting one costs more than reading one.
TASKS_PER_CORE = 3
SMALL_TASK_BYTES = 4 << 20


class QuarantineError(PrichalError):
    """More rows are unusable than the source allows."""


@dataclass
class FileCount:
    """Rows of one file: all but blank ones, unusable ones, those with a trimmed key, and usable ones by month."""

    rows: int = 0
    unusable: int = 0
    trimmed: int = 0
    months: dict[str, int] = field(default_factory=dict)


def stage(
    engine: Engine,
    source: Source,
    files: Sequence[RawFile],
    table: Table,
    batch: str,
    today: date,
    time_zone: str,
    erased: ErasedPeople | None = None,
) -> dict[str, IngestedFile]:
    """Write the rows of these checked files as the batch, and what cannot be used to quarantine.

    Rows of erased people are left out.

    Raises:
        RawFileError: a file is damaged, changed while it was read, or all of them hold no row.
        QuarantineError: more rows are unusable than the source allows; the quarantine holds them.
    """
    partial = fresh_partial(table.folder / "batch-made")
    partial.mkdir(parents=True)
    sql = without_erased(validation_sql(source), source, erased)
    tasks = _tasks(source, files, sql, partial, today, time_zone, engine.parallelism)
    results = engine.run_tasks(stage_files, tasks)
    for file in files:
        file.check_unchanged()
    for place, reason in sorted(item for result in results for item in result.unreadable.items()):
        raise RawFileError(
            f"{files[place].name} cannot be read to its end ({reason}): it is cut off or damaged; export it again."
        )
    table.batch(batch).parent.mkdir(parents=True, exist_ok=True)
    seal(partial)
    publish_directory(partial, table.batch(batch))
    staged = f"staged_{source.name}"
    engine.show_files(staged, [table.batch(batch)])
    counts = count_rows(engine, staged)
    absent = {place: names for result in results for place, names in result.absent.items()}
    quarantine = table.quarantine / batch
    _write_quarantine(engine, staged, files, counts, quarantine, source)
    _check_quarantined_share(source, counts, engine, staged, quarantine)
    return {
        file.name: IngestedFile(
            content=file.content, batch=batch, place=place, drop=str(file.batch_date) if file.batch_date else None,
            rows_in=counts[place].rows, quarantined=counts[place].unusable, months=counts[place].months,
            trimmed=counts[place].trimmed, absent=absent.get(place, ()),
        )
        for place, file in enumerate(files)
    }  # fmt: skip


def _tasks(
    source: Source, files: Sequence[RawFile], sql: str, folder: Path, today: date, time_zone: str, parallelism: int
) -> list[StagingTask]:
    """The files in some tasks of nearly equal size; small files share one."""
    sizes = [file.state[0] for file in files]
    count = min(TASKS_PER_CORE * parallelism, len(files), 1 + sum(sizes) // SMALL_TASK_BYTES)
    columns = file_columns(source)
    return [
        StagingTask(
            tuple(
                StagedFile(place, file.path.resolve(), str(file.batch_date or ""), file.batch_date or today)
                for place, file in ((place, files[place]) for place in places)
            ),
            source.format, source.written_as, columns, sql, time_zone, folder / f"part-{number}.parquet",
        )
        for number, places in enumerate(_balanced(sizes, count))
    ]  # fmt: skip


def _balanced(sizes: Sequence[int], count: int) -> list[list[int]]:
    """The places of all files in `count` tasks, each file to the task with the fewest bytes so far."""
    tasks: list[list[int]] = [[] for _ in range(count)]
    heap = [(0, number) for number in range(count)]
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place]):
        used, number = heapq.heappop(heap)
        tasks[number].append(place)
        heapq.heappush(heap, (used + sizes[place], number))
    return tasks


def file_columns(source: Source) -> tuple[FileColumn, ...]:
    """The columns that files of the source must hold, as a reader wants them."""
    return tuple(
        FileColumn(
            column.name, column.raw_names, _kind(column), column.name in source.key_columns, _zone(source, column)
        )
        for column in source.in_files
    )


def _zone(source: Source, column: Column) -> str | None:
    return column.time_zone or source.time_zone if column.type == "timestamp" and not column.epoch else None


def _kind(column: Column) -> str:
    """By which signs of the dialect the column's texts are read."""
    if column.type in NUMBERS or column.epoch:
        return "number"
    return {"date": "day", "timestamp": "moment"}.get(column.type, "text")


def count_rows(engine: Engine, staged: str) -> dict[int, FileCount]:
    """Count the rows of a batch, a view of its files, by the place of the file in the batch."""
    rows = engine.rows(
        f"select _file, {MONTH}, _reason is not null as bad, count(*) as rows, count_if(_trimmed) as trimmed "
        f"from {staged} where _reason is null or _reason != '{BLANK}' group by _file, {MONTH}, _reason is not null"
    )
    counts: dict[int, FileCount] = defaultdict(FileCount)
    for place, month, is_bad, number, trimmed in rows:
        count = counts[place]
        count.rows += number
        count.trimmed += trimmed
        if is_bad:
            count.unusable += number
        else:
            count.months[month] = number
    return counts


def _write_quarantine(
    engine: Engine, staged: str, files: Sequence[RawFile], counts: dict[int, FileCount], target: Path, source: Source
) -> None:
    """Write what cannot be used; a header is such a row where it is there again."""
    shutil.rmtree(target, ignore_errors=True)
    if not any(count.unusable for count in counts.values()):
        return
    names = {place: file.name for place, file in enumerate(files) if counts[place].unusable}
    engine.save(
        f"select {position_sql(names, source)}, _raw as raw, "
        f"if(_reason = '{HEADER}', 'the header again', _reason) as reason "
        f"from {staged} where _reason is not null and _reason != '{BLANK}'",
        target,
    )


def _check_quarantined_share(
    source: Source, counts: dict[int, FileCount], engine: Engine, staged: str, aside: Path
) -> None:
    rows_in = sum(count.rows for count in counts.values())
    quarantined = sum(count.unusable for count in counts.values())
    if rows_in == 0:
        return
    share = quarantined / rows_in
    if share <= source.max_quarantined and (quarantined < rows_in):
        return
    first = engine.rows(f"select _reason from {staged} where _reason != '{BLANK}' order by _file, _line limit 1")
    raise QuarantineError(
        f"Source {source.name}: {quarantined} of {rows_in} rows ({share:.1%}) cannot be used, at most "
        f"{source.max_quarantined:.1%} may; the first says «{first[0][0] if first else ''}». "
        f"The rows and their reasons are in "
        f"{aside}; mend the export, or raise max_quarantined of the source. The table was left as it was."
    )

"""Raw files without the records of erased people; all other bytes of a text file stay as they are."""

import gzip
import io
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import IO, Any, cast

import duckdb
import pyarrow.parquet as pq

from lake.erasure.people import ErasedPeople, erased_sql
from lake.ingestion.batches import file_columns
from lake.ingestion.reader import ReadError
from lake.ingestion.staging import StagedFile, StagedFiles, StagingTask, read_task
from lake.ingestion.text_lines import open_raw
from lake.ingestion.validation import validation_sql
from lake.source import Source
from stack.errors import PrichalError

#: bytes of a file that are searched at once.
BLOCK_BYTES = 16 << 20
#: the first and the last line of a record; the last record of a file has no last line.
Lines = tuple[int, int | None]


class RawErasureError(PrichalError):
    """A raw file cannot be rewritten without a person."""


def erase_raw_file(
    path: Path, source: Source, erased: ErasedPeople, time_zone: str = "UTC", words: Collection[str] | None = None
) -> int:
    """Remove the records of erased people from a raw file of a source; the file is replaced in one step.

    Args:
        path: the file.
        source: its declaration.
        erased: the people.
        time_zone: of moments without an offset.
        words: the plain identifiers of the people, if all are known. A text file without any of them is not parsed.

    Returns:
        Number of removed records.

    Raises:
        RawErasureError: the file cannot be read to its end, or the written file still has such a record.
    """
    if words is not None and not _may_contain(path, source, words):
        return 0
    records = _find_records(path, source, erased, time_zone)
    if not records:
        return 0
    partial = path.with_name(f".erased-{path.name}")  # the end of the name says whether it is packed
    if source.format == "parquet":
        _write_rows(path, partial, {first for first, _ in records})
    else:
        _write_lines(path, partial, records, source.written_as.codec)
    if _find_records(partial, source, erased, time_zone):
        partial.unlink()
        raise RawErasureError(
            f"Records of a person cannot be separated from the others in {path}: correct the file, or remove it, and "
            "run `-e forget` again."
        )
    partial.replace(path)
    return len(records)


def _may_contain(path: Path, source: Source, words: Collection[str]) -> bool:
    """False if no identifier can be in the file, by its bytes."""
    is_plain = source.format != "parquet" and not source.written_as.codec.startswith(("utf-16", "utf-32"))
    if not is_plain or not all(word.isascii() for word in words):  # JSON can escape other letters
        return True
    longest, rest = max(map(len, words)), b""
    with open_raw(path) as content:
        while block := content.read(BLOCK_BYTES):
            piece = rest + block
            if any(word.encode() in piece for word in words):
                return True
            rest = piece[-longest:]
    return False


def _find_records(path: Path, source: Source, erased: ErasedPeople, time_zone: str) -> list[Lines]:
    condition = erased_sql(source.stored, erased)
    if condition is None:
        return []
    task = StagingTask(
        (StagedFile(0, path.resolve(), "", date(2199, 12, 31)),), source.format, source.written_as,
        file_columns(source.stored), validation_sql(source.stored), time_zone, path,
    )  # fmt: skip
    query = (
        f"select _line, next_line from (select _line, lead(_line) over (order by _line) as next_line, {condition} "
        f"as is_erased from ({task.sql})) where is_erased order by _line"
    )
    result = StagedFiles({}, {})
    try:
        with read_task(task, result) as duck:
            rows = duck.execute(query).fetchall()
    except (duckdb.Error, ReadError):
        if not result.unreadable:
            raise
        raise RawErasureError(
            f"{path} cannot be read to its end ({result.unreadable[0]}): export it again, or remove it, and run "
            "`-e forget` again."
        ) from None
    return [(int(first), None if following is None else int(following) - 1) for first, following in rows]


def _write_rows(path: Path, target: Path, numbers: set[int]) -> None:
    """Write a Parquet file without the rows of these numbers, which begin with 1."""
    with pq.ParquetFile(path) as file, pq.ParquetWriter(target, file.schema_arrow) as writer:
        number = 0
        for batch in file.iter_batches():
            is_other = [number + row + 1 not in numbers for row in range(batch.num_rows)]
            number += batch.num_rows
            writer.write_batch(batch.filter(is_other))


def _write_lines(path: Path, target: Path, records: list[Lines], codec: str) -> None:
    with ExitStack() as stack:
        content = stack.enter_context(open_raw(path))
        output: IO[bytes] = stack.enter_context(target.open("wb"))
        if path.suffix == ".gz":
            packed = stack.enter_context(gzip.GzipFile(filename="", fileobj=output, mode="wb", mtime=0))
            output = cast(IO[bytes], packed)
        if not codec.startswith(("utf-16", "utf-32")):  # a line end is one byte
            for line in _other_lines(content, records):
                output.write(line)
            return
        lines = io.TextIOWrapper(cast(io.BufferedReader, content), encoding=codec, newline="\n")
        written = io.TextIOWrapper(cast(io.BufferedWriter, output), encoding=codec, newline="\n")
        for text in _other_lines(lines, records):
            written.write(text)
        written.flush()
        lines.detach()
        written.detach()


def _other_lines(lines: Any, records: list[Lines]) -> Iterator[Any]:
    """The lines that are in none of the records, which are in order."""
    waiting = iter([*records, (0, 0)])
    first, last = next(waiting)
    for number, line in enumerate(lines, start=1):
        while first and last is not None and number > last:
            first, last = next(waiting)
        if not first or number < first:
            yield line

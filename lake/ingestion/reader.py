"""Raw files as batches of text: the declared columns of every record, and where the record stands in its file.

The same code runs on one machine and on Spark's workers, so two engines cannot read a file differently. A text file is
read in order, in pieces of `CHUNK_BYTES`, so memory does not grow with the file. Parquet is read by row groups.

A piece of a text file goes to pyarrow where every quote opens a field, closes one or is doubled. Any other piece is
read record by record by Python's csv module in strict mode: a quoted field may hold line ends, and text behind a
closing quote makes the record unusable.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.dialect import Dialect
from lake.ingestion.dialect_signs import read_signs
from lake.ingestion.documents import ASCII_SPACES, document_lines, read_documents
from lake.ingestion.native_text import parquet_rows
from lake.ingestion.plain_records import parse_records, record_ends
from lake.ingestion.text_lines import Lines, open_raw, whole_lines

CHUNK_RECORDS = 50_000
#: reasons for lines that are no records.
HEADER, BLANK, NOT_UTF8 = "header", "blank", "not UTF-8"


class ReadError(Exception):
    """A file cannot be read to its end; the text says why."""


@dataclass(frozen=True)
class FileColumn:
    """A column that is wanted.

    Attributes:
        name: in the lake.
        raw_names: what a file may call it; for JSON lines dotted paths.
        kind: `number`, `day`, `moment` or `text`: by which signs of the dialect its texts are read.
        is_key: whether invisible characters around its texts are removed and counted.
        time_zone: in which moments without an offset are written; None to leave that to the reader of the texts.
    """

    name: str
    raw_names: tuple[str, ...]
    kind: str = "text"
    is_key: bool = False
    time_zone: str | None = None


def batch_schema(columns: Sequence[FileColumn]) -> pa.Schema:
    """Of the batches: `_line` (line or row, from 1), `_raw`, `_fault`, `_trimmed`, then the columns, all text."""
    fixed = [("_line", pa.int64()), ("_raw", pa.string()), ("_fault", pa.string()), ("_trimmed", pa.bool_())]
    return pa.schema([*fixed, *((column.name, pa.string()) for column in columns)])


def read_batches(path: Path, form: str, dialect: Dialect, columns: Sequence[FileColumn]) -> Iterator[pa.RecordBatch]:
    """All records of a file, in batches of `batch_schema(columns)`, in the order of the file.

    A record that cannot be cut into fields has its reason in `_fault`, and its text in `_raw`.

    Args:
        path: the file; one whose name ends with .gz is unpacked.
        form: csv, tsv, jsonl or parquet.
        dialect: how a text file writes its rows.
        columns: which are wanted; a file's other columns are passed over.

    Raises:
        ReadError: the file is cut off or damaged, or is not in its encoding.
    """
    try:
        batches = parquet_rows(path, columns) if form == "parquet" else _text_batches(path, form, dialect, columns)
        for batch in batches:
            yield read_signs(batch, dialect, columns)
    except (OSError, EOFError, zlib.error, pa.ArrowInvalid, UnicodeError) as error:
        raise ReadError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def header_names(path: Path, dialect: Dialect) -> tuple[str, ...]:
    """The names of the columns of a CSV or TSV file; empty where the file has no line.

    Raises:
        ReadError: the file cannot be read, or its beginning is not in its encoding.
    """
    if dialect.column_names:
        return dialect.column_names
    try:
        with open_raw(path) as content:
            header = Lines(whole_lines(content, dialect.codec), dialect).header()
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        raise ReadError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    return header


def _text_batches(path: Path, form: str, dialect: Dialect, columns: Sequence[FileColumn]) -> Iterator[pa.RecordBatch]:
    with open_raw(path) as content:
        lines = Lines(whole_lines(content, dialect.codec), dialect)
        if form == "jsonl":
            yield from _document_batches(lines, dialect, columns)
            return
        names = dialect.column_names or lines.header()
        places = [next(place for place, name in enumerate(names) if name in column.raw_names) for column in columns]
        schema = batch_schema(columns)
        while (chunk := lines.chunk()) is not None:
            batch = _plain_batch(chunk, lines, names, places, schema)
            if batch is not None:
                yield batch
                continue
            records = lines.records(chunk)
            while rows := list(islice(records, CHUNK_RECORDS)):
                yield _record_batch(rows, lines, names, places, schema)


def _plain_batch(
    chunk: bytes, lines: Lines, names: Sequence[str], places: Sequence[int], schema: pa.Schema
) -> pa.RecordBatch | None:
    """The records of a chunk whose quotes are all as they must be; None where they have to be looked at one by one."""
    piece = record_ends(chunk, lines.dialect)
    parsed = None if piece is None else parse_records(piece[0], piece[2], lines.dialect, len(names), places)
    if piece is None or parsed is None:
        return None
    lines.give_back(piece[1])
    texts, values, wrong = parsed
    numbers = lines.count + 1 + np.concatenate([[0], np.cumsum(piece[3])[:-1]]).astype(np.int64)
    lines.count += int(piece[3].sum())
    faults: list[str | None] = [None] * len(texts)
    for place in np.flatnonzero(pc.binary_length(texts).to_numpy(zero_copy_only=False) == 0):
        faults[place] = BLANK
    for row, fields in wrong.items():
        faults[row] = _wrong_count(fields, len(names))
    if lines.text:
        for place in np.flatnonzero(pc.equal(texts, lines.text).to_numpy(zero_copy_only=False)):
            faults[place] = HEADER
    trimmed = pa.array(np.zeros(len(texts), dtype=bool))
    return pa.RecordBatch.from_arrays(
        [pa.array(numbers), texts, pa.array(faults, pa.string()), trimmed, *values], schema=schema
    )


def _wrong_count(count: int, expected: int) -> str:
    return f"{count} fields instead of the {expected} of the header"


def _record_batch(
    rows: Sequence[tuple[int, str, list[str] | None, str | None]],
    lines: Lines,
    names: Sequence[str],
    places: Sequence[int],
    schema: pa.Schema,
) -> pa.RecordBatch:
    numbers, raws, faults, sound = [], [], [], []
    nothing = (None,) * len(names)
    for number, text, fields, fault in rows:
        reason = fault
        if not text or lines.is_comment(text):
            reason = BLANK
        elif text == lines.text:
            reason = HEADER
        elif not text.isascii() and not _is_text(text):
            reason, text = NOT_UTF8, text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        elif fields is not None and len(fields) != len(names):
            reason = _wrong_count(len(fields), len(names))
        numbers.append(number)
        raws.append(text)
        faults.append(reason)
        sound.append(nothing if reason is not None or fields is None else fields)
    values = list(zip(*sound, strict=True))
    arrays = [pa.array(values[place], pa.string()) for place in places]
    return pa.RecordBatch.from_arrays(
        [pa.array(numbers, pa.int64()), pa.array(raws, pa.string()), pa.array(faults, pa.string()),
         pa.array([False] * len(rows)), *arrays],
        schema=schema,
    )  # fmt: skip


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _document_batches(lines: Lines, dialect: Dialect, columns: Sequence[FileColumn]) -> Iterator[pa.RecordBatch]:
    schema = batch_schema(columns)
    while (chunk := lines.chunk()) is not None:
        texts, not_utf8 = document_lines(chunk)
        numbers = pa.array(lines.count + 1 + np.arange(len(texts)))
        lines.count += len(texts)
        utf8_lines = ["" if row in not_utf8 else text for row, text in enumerate(texts)] if not_utf8 else texts
        faults, values = read_documents(utf8_lines, dialect.documents == "mongo", columns)
        for row in [row for row, fault in enumerate(faults) if fault is not None]:
            if row in not_utf8:
                faults[row] = NOT_UTF8
            elif not texts[row].strip(ASCII_SPACES):
                faults[row] = BLANK
        arrays = [pa.array(column, pa.string()) for column in values]
        yield pa.RecordBatch.from_arrays(
            [numbers, pa.array(texts, pa.string()), pa.array(faults, pa.string()), pa.array([False] * len(texts)),
             *arrays],
            schema=schema,
        )  # fmt: skip

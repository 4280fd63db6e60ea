"""Chunks of whole lines whose quotes are all as they must be: pyarrow cuts them into fields at once."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from lake.dialect import Dialect
from lake.ingestion.text_lines import LONGEST_RECORD


def record_ends(chunk: bytes, dialect: Dialect) -> tuple[bytes, bytes, NDArray[np.int64], NDArray[np.int64]] | None:
    """Cut a chunk behind its last whole record: the records, what is left, where each ends, and how many lines it has.

    A quote opens a field at its beginning, and closes it at its end; inside, it is doubled (RFC 4180). So every second
    quote is followed by a separator, a line end or another quote, and those between are preceded by one. None where
    that is not so, where no record ends, or where a carriage return stands alone; for comments and backslashes too.
    """
    if dialect.comment is not None and dialect.comment.encode() in chunk:
        return None
    if dialect.escape == "backslash" and cast(str, dialect.quote).encode() in chunk:
        return None
    content = np.frombuffer(chunk, dtype=np.uint8)
    newlines = np.flatnonzero(content == 10)
    if not chunk.endswith(b"\n"):
        newlines = np.append(newlines, len(chunk))
    quotes = np.flatnonzero(content == ord(dialect.quote)) if dialect.quote is not None else newlines[:0]
    returns = np.flatnonzero(content == 13) if b"\r" in chunk else newlines[:0]
    outer = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    if not len(outer):
        return None
    end = min(int(outer[-1]) + 1, len(chunk))
    if len(chunk) - end > LONGEST_RECORD:
        return None
    quotes, returns = quotes[quotes < end], returns[returns < end]
    padded = np.concatenate([[10], content[:end], [10]])
    returns = returns[np.searchsorted(quotes, returns) % 2 == 0]
    if not _are_strict(padded, quotes, ord(dialect.separator)) or np.any(padded[returns + 2] != 10):
        return None
    ends = outer[outer < end] if end < len(chunk) or chunk.endswith(b"\n") else outer
    line_counts = np.diff(np.searchsorted(newlines, ends), prepend=-1)
    return chunk[:end], chunk[end:], ends, line_counts


def _are_strict(padded: NDArray[np.int64], quotes: NDArray[np.int64], separator: int) -> bool:
    """Whether all quotes open or close a field, or are doubled in one; `padded` begins one byte before the chunk."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    is_doubled = np.zeros(len(opening) + 1, dtype=bool)
    is_doubled[1:-1] = closing[:-1] + 1 == opening[1:]
    before, after = padded[opening], padded[closing + 2]
    begins = (before == separator) | (before == 10) | is_doubled[:-1]
    ends = (after == separator) | (after == 10) | (after == 13) | is_doubled[1:]
    return bool(begins.all() and ends.all())


def parse_records(
    chunk: bytes, ends: NDArray[np.int64], dialect: Dialect, width: int, places: Sequence[int]
) -> tuple[pa.Array, list[pa.Array], dict[int, int]] | None:
    """Text and wanted fields of each record, and the number of fields of those that have too few or too many."""
    wrong: list[tuple[int, int]] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        wrong.append((row.number, row.actual_columns))
        return "skip"

    fields = [f"f{place}" for place in range(width)]
    wanted = [fields[place] for place in places]
    try:
        texts = _record_texts(chunk, ends).cast(pa.string())
        table = arrow_csv.read_csv(
            pa.BufferReader(chunk),
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(chunk) + 1, column_names=fields),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.separator, quote_char=dialect.quote or False, double_quote=dialect.quote is not None,
                newlines_in_values=dialect.quote is not None, invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(fields, pa.string()), include_columns=list(dict.fromkeys(wanted)),
                strings_can_be_null=False,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:  # bytes that are not UTF-8, or nothing but empty lines
        return None
    filled = np.flatnonzero(pc.binary_length(texts).to_numpy(zero_copy_only=False) > 0)
    is_sound = np.ones(len(filled), dtype=bool)
    is_sound[np.array([number - 1 for number, _ in wrong], dtype=int)] = False
    if is_sound.sum() != table.num_rows:
        return None
    at = np.full(len(texts), -1)
    at[filled[is_sound]] = np.arange(table.num_rows)
    taken = pa.array(at, mask=at < 0)
    values = [table.column(name).combine_chunks().take(taken) for name in wanted]
    return texts, values, {int(filled[number - 1]): count for number, count in wrong}


def _record_texts(chunk: bytes, ends: NDArray[np.int64]) -> pa.Array:
    """The records' bytes without their line ends."""
    starts = np.concatenate([[0], ends[:-1] + 1])
    content = np.frombuffer(chunk + b"\n", dtype=np.uint8)
    has_return = (content[ends - 1] == 13) & (ends > starts)
    # Offsets of Arrow's binary must touch: a record's line end is taken with it and sliced off.
    offsets = np.append(starts, ends[-1] + 1).astype(np.int32)
    with_ends = pa.Array.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(content)])
    texts = pc.binary_slice(with_ends, 0, -1)
    return pc.if_else(pa.array(has_return), pc.binary_slice(with_ends, 0, -2), texts) if has_return.any() else texts

"""Raw files as batches of text: the declared columns of every record, and where the record stands in its file.

The same code runs on one machine and on Spark's workers, so two engines cannot read a file differently. A text file is
read in order, in pieces of `CHUNK_BYTES`, so memory does not grow with the file. Parquet is read by row groups.

Lines without quotes are cut into fields by pyarrow. Lines with quotes go through Python's csv module in strict mode: a
quoted field may hold line ends, and text behind a closing quote makes the record unusable.
"""

import csv
import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from lake.dialect import Dialect
from lake.ingest.documents import document_values
from lake.ingest.native_text import parquet_rows

CHUNK_BYTES = 4 << 20
CHUNK_RECORDS = 50_000
#: a quote that does not close within so many characters is a mistake in the line that opens it.
LONGEST_RECORD = 1 << 20
#: reasons for lines that are no records.
HEADER, BLANK = "header", "blank"
NOT_UTF8, OPEN_QUOTE, LONE_CR = "not UTF-8", "quotes do not balance", "a carriage return inside a line"
UTF8_MARK, UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
#: spaces of all kinds, zero-width letters, marks and NUL: no key begins or ends with one.
INVISIBLE = "".join(
    map(chr, (*range(0x21), 0x7F, 0x85, 0xA0, 0xAD, 0x1680, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F,
              *range(0x2060, 0x2065), 0x3000, 0xFEFF))
)  # fmt: skip
LETTER_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "a": "\a"}
CLICKHOUSE_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
POSTGRES_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)


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
    """

    name: str
    raw_names: tuple[str, ...]
    kind: str = "text"
    is_key: bool = False


@dataclass
class _Rows:
    """Records under way to a batch; a record with a fault has no fields."""

    lines: list[int]
    raws: list[str]
    faults: list[str | None]
    fields: list[Sequence[str | None]]


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
            yield _read_signs(batch, dialect, columns)
    except (OSError, EOFError, zlib.error, pa.ArrowInvalid, UnicodeError) as error:
        raise ReadError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error


@contextmanager
def open_raw(path: Path) -> Iterator[IO[bytes]]:
    """The file's unpacked bytes."""
    with path.open("rb") as packed:
        yield cast(IO[bytes], gzip.GzipFile(fileobj=packed)) if path.suffix == ".gz" else packed


def header_names(path: Path, dialect: Dialect) -> tuple[str, ...]:
    """The names of the columns of a CSV or TSV file; empty where the file has no line.

    Raises:
        ReadError: the file cannot be read, or its beginning is not in its encoding.
    """
    if dialect.column_names:
        return dialect.column_names
    try:
        with open_raw(path) as content:
            header = _Lines(_chunks(content, dialect.codec), dialect).header()
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        raise ReadError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    return header


def _chunks(content: IO[bytes], codec: str) -> Iterator[bytes]:
    """Whole lines as UTF-8, about `CHUNK_BYTES` at a time, without a byte order mark."""
    rest = b""
    for block in _blocks(content, codec):
        whole, end, rest = (rest + block).rpartition(b"\n")
        if end:
            yield whole + end
    if rest:
        yield rest


def _blocks(content: IO[bytes], codec: str) -> Iterator[bytes]:
    if codec != "utf-8":
        # TextIOWrapper removes the mark of UTF-16 itself.
        text = io.TextIOWrapper(cast(io.BufferedReader, content), encoding=codec, newline="")
        while letters := text.read(CHUNK_BYTES):
            yield letters.encode("utf-8", "surrogatepass").removeprefix(UTF8_MARK)
        text.detach()
        return
    first = content.read(CHUNK_BYTES)
    if first.startswith(UTF16_MARKS):
        raise UnicodeError("it is UTF-16, not UTF-8")
    yield first.removeprefix(UTF8_MARK)
    while block := content.read(CHUNK_BYTES):
        yield block


class _Lines:
    """A file's lines in order, and how many of them were given out."""

    def __init__(self, chunks: Iterator[bytes], dialect: Dialect) -> None:
        self._chunks, self.dialect = chunks, dialect
        self._waiting: deque[str] = deque()
        self._returned = b""
        self.count = 0

    def chunk(self) -> bytes | None:
        """The next whole lines that nobody has begun to read; None at the end of the file."""
        if self._waiting:
            text = "".join(self._waiting)
            self._waiting.clear()
            return text.encode("utf-8", "surrogateescape")
        returned, self._returned = self._returned, b""
        chunk = next(self._chunks, None)
        return returned + (chunk or b"") if returned or chunk else None

    def give_back(self, rest: bytes) -> None:
        """Let the next chunk begin with lines that could not be read without those after them."""
        self._returned = rest

    def records(self, chunk: bytes) -> Iterator[tuple[int, str, list[str] | None, str | None]]:
        """The records that begin in a chunk: first line, text, fields and fault; one may end in a later chunk."""
        self._wait(chunk)
        if self.dialect.quote is not None and self.dialect.escape == "doubled":
            yield from self._strict_records()
        while self._waiting:
            yield self._counted(*self._record())

    def _strict_records(self) -> Iterator[tuple[int, str, list[str] | None, str | None]]:
        """As the csv module reads them; where it finds a fault, its first line alone is given back with the reason."""
        used: list[str] = []

        def lines() -> Iterator[str]:
            while self._waiting:
                used.append(self._waiting.popleft())
                yield used[-1]

        def reader() -> Iterator[list[str]]:
            return csv.reader(lines(), delimiter=self.dialect.separator, quotechar=self.dialect.quote, strict=True)

        records = reader()
        while True:
            used.clear()
            try:
                fields = next(records)
            except StopIteration:
                return
            except csv.Error:
                self._waiting.extendleft(reversed(used))
                yield self._counted(*self._record())
                records = reader()
                continue
            yield self._counted(used, fields, None)

    def _counted(
        self, used: Sequence[str], fields: list[str] | None, fault: str | None
    ) -> tuple[int, str, list[str] | None, str | None]:
        number = self.count + 1
        self.count += len(used)
        return number, "".join(used).rstrip("\n").removesuffix("\r"), fields, fault

    def header(self) -> tuple[str, ...]:
        """The names in the first line that is not empty; the lines after it are left."""
        while (chunk := self.chunk()) is not None:
            for _, text, fields, _ in self.records(chunk):
                if text.strip(INVISIBLE) and not self.is_comment(text):
                    self.text = text
                    return tuple(name.strip(INVISIBLE) for name in fields or text.split(self.dialect.separator))
        return ()

    text = ""

    def is_comment(self, text: str) -> bool:
        """Whether a line is none of the rows by the dialect."""
        return self.dialect.comment is not None and text.startswith(self.dialect.comment)

    def _wait(self, chunk: bytes) -> None:
        self._waiting.extend(io.StringIO(chunk.decode("utf-8", "surrogateescape"), newline="\n"))

    def _record(self) -> tuple[list[str], list[str] | None, str | None]:
        """The lines of the next record, its fields, or the fault of its first line."""
        used = [self._next_line()]
        if self.dialect.quote is None:
            line = used[0].rstrip("\n").removesuffix("\r")
            return used, line.split(self.dialect.separator), None
        length = len(used[0])
        while True:
            text = "".join(used)
            fields = _fields(text, self.dialect)
            if isinstance(fields, list):
                return used, fields, None
            is_open = fields == OPEN_QUOTE
            following = self._next_line_if_any() if is_open and length <= LONGEST_RECORD else None
            if following is not None:
                used.append(following)
                length += len(following)
                continue
            self._waiting.extendleft(reversed(used[1:]))
            return used[:1], None, fields

    def _next_line(self) -> str:
        return self._waiting.popleft()

    def _next_line_if_any(self) -> str | None:
        if not self._waiting:
            chunk = next(self._chunks, None)
            if chunk is None:
                return None
            self._wait(chunk)
        return self._waiting.popleft()


def _fields(text: str, dialect: Dialect) -> list[str] | str:
    """The fields of a record's lines; `OPEN_QUOTE` where a quote has not closed, another reason where none can help."""
    if dialect.quote is None or dialect.quote not in text:
        return text.rstrip("\n").removesuffix("\r").split(dialect.separator) if "\r" not in text[:-2] else LONE_CR
    if dialect.escape == "backslash":
        return _backslash_fields(text, dialect)
    # The module would read on after the line: without a last line it says that the quote is open.
    try:
        return next(csv.reader([text], delimiter=dialect.separator, quotechar=dialect.quote, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            return OPEN_QUOTE
        return LONE_CR if "new-line" in str(error) else f"{OPEN_QUOTE}: text behind a closing quote"


def _backslash_fields(text: str, dialect: Dialect) -> list[str] | str:
    """As `_fields`, where a backslash stands before a quote or a backslash, in quoted fields only."""
    quote, separator = re.escape(cast(str, dialect.quote)), re.escape(dialect.separator)
    quoted = re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}(?={separator}|\r?\n?\Z)", re.DOTALL)
    plain = re.compile(rf"[^{separator}\r\n]*(?={separator}|\r?\n?\Z)")
    fields: list[str] = []
    place = 0
    while True:
        if text.startswith(cast(str, dialect.quote), place):
            match = quoted.match(text, place)
            if match is None:
                closed = re.compile(rf"{quote}(?:[^{quote}\\]|\\.)*{quote}", re.DOTALL).match(text, place)
                return f"{OPEN_QUOTE}: text behind a closing quote" if closed else OPEN_QUOTE
            fields.append(re.sub(r"\\([\\" + quote + "])", r"\1", match[1]))
        else:
            match = plain.match(text, place)
            if match is None:
                return LONE_CR
            fields.append(match[0])
        place = match.end()
        if place >= len(text) or text[place] != dialect.separator:
            return fields
        place += 1


def _text_batches(path: Path, form: str, dialect: Dialect, columns: Sequence[FileColumn]) -> Iterator[pa.RecordBatch]:
    with open_raw(path) as content:
        lines = _Lines(_chunks(content, dialect.codec), dialect)
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
    chunk: bytes, lines: _Lines, names: Sequence[str], places: Sequence[int], schema: pa.Schema
) -> pa.RecordBatch | None:
    """The records of a chunk whose quotes are all as they must be; None where they have to be looked at one by one."""
    piece = _record_ends(chunk, lines.dialect)
    parsed = None if piece is None else _parsed(piece[0], piece[2], lines.dialect, len(names), places)
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


def _record_ends(chunk: bytes, dialect: Dialect) -> tuple[bytes, bytes, NDArray[np.int64], NDArray[np.int64]] | None:
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


def _parsed(
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


def _line_texts(chunk: bytes) -> pa.Array:
    """The lines of a chunk without their ends, as binary."""
    lines = chunk.split(b"\n")
    if not lines[-1]:
        del lines[-1]
    return pa.array([line.removesuffix(b"\r") for line in lines], pa.binary())


def _wrong_count(count: int, expected: int) -> str:
    return f"{count} fields instead of the {expected} of the header"


def _record_batch(
    rows: Sequence[tuple[int, str, list[str] | None, str | None]],
    lines: _Lines,
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


def _document_batches(lines: _Lines, dialect: Dialect, columns: Sequence[FileColumn]) -> Iterator[pa.RecordBatch]:
    schema, nothing = batch_schema(columns), (None,) * len(columns)
    while (chunk := lines.chunk()) is not None:
        texts = _line_texts(chunk)
        numbers = pa.array(lines.count + 1 + np.arange(len(texts)))
        lines.count += len(texts)
        raws: list[str] = []
        faults: list[str | None] = []
        values: list[list[str | None]] = [[] for _ in columns]
        for line in texts.to_pylist():
            text = line.decode("utf-8", "replace")
            fault: str | None = BLANK if not line.strip() else None if text.encode() == line else NOT_UTF8
            fields: Sequence[str | None] = nothing
            if fault is None:
                fault, fields = document_values(text, dialect.documents == "mongo", columns)
            raws.append(text)
            faults.append(fault)
            for column, field in zip(values, fields or nothing, strict=True):
                column.append(field)
        arrays = [pa.array(column, pa.string()) for column in values]
        yield pa.RecordBatch.from_arrays(
            [numbers, pa.array(raws, pa.string()), pa.array(faults, pa.string()), pa.array([False] * len(texts)),
             *arrays],
            schema=schema,
        )  # fmt: skip


def _read_signs(batch: pa.RecordBatch, dialect: Dialect, columns: Sequence[FileColumn]) -> pa.RecordBatch:
    """Read what the dialect writes for missing values, special characters, numbers and days; trim keys."""
    arrays = {name: batch.column(name) for name in batch.schema.names}
    trimmed = arrays["_trimmed"]
    for column in columns:
        values = arrays[column.name]
        if dialect.null_markers:
            is_marker = pc.is_in(values, pa.array(dialect.null_markers, pa.string()))
            values = pc.if_else(is_marker, pa.scalar(None, pa.string()), values)
        if dialect.escape in {"clickhouse", "postgres"}:
            values = _unescaped(values, dialect)
        if column.is_key:
            bare = pc.utf8_trim(values, INVISIBLE)
            # A space is trimmed from every value and is no oddity.
            is_odd = pc.fill_null(pc.not_equal(bare, pc.utf8_trim(values, " ")), False)
            trimmed, values = pc.or_(trimmed, is_odd), bare
        arrays[column.name] = _in_usual_signs(values, column.kind, dialect)
    arrays["_trimmed"] = trimmed
    return pa.RecordBatch.from_arrays([arrays[name] for name in batch.schema.names], schema=batch.schema)


def _in_usual_signs(values: pa.Array, kind: str, dialect: Dialect) -> pa.Array:
    if kind == "number":
        if dialect.thousands is not None:
            space = r"[ \x{00A0}\x{202F}\x{2009}]" if dialect.thousands == " " else re.escape(dialect.thousands)
            grouped = rf"^\s*[+-]?\d{{1,3}}({space}\d{{3}})+([{re.escape(dialect.decimal)}]\d*)?\s*$"
            without = pc.replace_substring_regex(values, space, "")
            values = pc.if_else(pc.fill_null(pc.match_substring_regex(values, grouped), False), without, values)
        if dialect.decimal != ".":
            with_point = pc.replace_substring(values, dialect.decimal, ".", max_replacements=1)
            has_point = pc.fill_null(pc.match_substring(values, "."), False)
            values = pc.if_else(has_point, values, with_point)
    elif kind in {"day", "moment"} and dialect.date_pattern is not None:
        values = _mapped(values, dialect.date_pattern, _iso_day(re.compile(dialect.date_pattern)))
    return values


def _iso_day(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def iso(text: str) -> str:
        match = pattern.match(text.strip())
        if match is None:
            return text
        return f"{match['Y']}-{int(match['m']):02}-{int(match['d']):02}{match['rest']}"

    return iso


def _unescaped(values: pa.Array, dialect: Dialect) -> pa.Array:
    pattern = CLICKHOUSE_ESCAPE if dialect.escape == "clickhouse" else POSTGRES_ESCAPE

    def meant(match: re.Match[str]) -> str:
        sign = match[1]
        if dialect.escape == "postgres" and sign[0] == "x" and len(sign) > 1:
            return chr(int(sign[1:], 16))
        if dialect.escape == "postgres" and sign[0] in "01234567":
            return chr(int(sign, 8))
        return "\0" if sign == "0" else LETTER_ESCAPES.get(sign, sign)

    return _mapped(values, r"\\", lambda text: pattern.sub(meant, text))


def _mapped(values: pa.Array, pattern: str, change: Callable[[str], str]) -> pa.Array:
    """Apply a function to the texts that hold a backslash, or to all where the pattern is another."""
    mask = pc.fill_null(pc.match_substring(values, "\\"), False) if pattern == r"\\" else pc.is_valid(values)
    changed = [change(text) for text in values.filter(mask).to_pylist()]
    return pc.replace_with_mask(values, mask, pa.array(changed, pa.string())) if changed else values

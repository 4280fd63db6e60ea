"""The lines of a text file, and the records that they make; a quoted field may hold line ends."""

import csv
import gzip
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from lake.dialect import Dialect

CHUNK_BYTES = 4 << 20
#: a quote that does not close within so many characters is a mistake in the line that opens it.
LONGEST_RECORD = 1 << 20
#: spaces of all kinds, zero-width letters, marks and NUL: no key begins or ends with one.
INVISIBLE = "".join(
    map(chr, (*range(0x21), 0x7F, 0x85, 0xA0, 0xAD, 0x1680, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F,
              *range(0x2060, 0x2065), 0x3000, 0xFEFF))
)  # fmt: skip
OPEN_QUOTE, LONE_CR = "quotes do not balance", "a carriage return inside a line"
UTF8_MARK, UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def open_raw(path: Path) -> Iterator[IO[bytes]]:
    """The file's unpacked bytes."""
    with path.open("rb") as packed:
        yield cast(IO[bytes], gzip.GzipFile(fileobj=packed)) if path.suffix == ".gz" else packed


def whole_lines(content: IO[bytes], codec: str) -> Iterator[bytes]:
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
        try:
            while letters := text.read(CHUNK_BYTES):
                yield letters.encode("utf-8", "surrogatepass").removeprefix(UTF8_MARK)
        finally:
            text.detach()  # the file is its opener's to close
        return
    first = content.read(CHUNK_BYTES)
    if first.startswith(UTF16_MARKS):
        raise UnicodeError("it is UTF-16, not UTF-8")
    yield first.removeprefix(UTF8_MARK)
    while block := content.read(CHUNK_BYTES):
        yield block


class Lines:
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

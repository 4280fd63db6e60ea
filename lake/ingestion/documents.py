"""JSON lines: the texts that documents hold at dotted paths, exactly as they are written."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

NOT_AN_OBJECT, TOO_DEEP = "not a JSON object", "nested too deeply"
HALF_CHARACTER = "half of a surrogate pair, which is no character"
#: what mongoexport wraps a value in.
WRAPPERS = frozenset(
    ("$oid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$date", "$uuid", "$symbol")
)
EPOCH = datetime(1970, 1, 1)  # of UTC; without a zone its sums are made into text twice as fast
#: a line of them is blank.
ASCII_SPACES = " \t\r\x0b\x0c"
#: documents in memory at a time; with more, Python's garbage collector takes longer than the decoder.
PIECE = 100
#: for a value that a document lacks; JSON has no such value.
_ABSENT = ...
#: stands before a number in an array or an object until the quotes around it are removed; no text can hold it.
_MARK = "\udfff"
_MARKED_NUMBER = re.compile(rf'"{_MARK}([^"]*)"')
_MAY_BE_NUMBER = re.compile(r'"-?(?:\d|NaN|Infinity)')


Decode = Callable[[str], tuple[Any, int]]


class _Column(Protocol):
    @property
    def raw_names(self) -> tuple[str, ...]: ...


def _decoder(number: Callable[[str], str]) -> Decode:
    """Decodes the JSON value that a text begins with, and gives its end too; `number` is called with a number's text.

    With a built-in function for numbers all is done in C. A module cannot hold a decoder, because Spark sends modules
    to its workers, and decoders cannot be sent.
    """
    return json.JSONDecoder(parse_int=number, parse_float=number, parse_constant=number).raw_decode


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def document_lines(chunk: bytes) -> tuple[list[str], set[int]]:
    r"""The lines of a chunk without their ends, and the places of those that are not UTF-8.

    >>> document_lines(b"{}\r\n\xff\n")
    (['{}', '\ufffd'], {1})
    """
    try:
        lines, not_utf8 = chunk.decode().split("\n"), set[int]()
    except UnicodeDecodeError:
        lines = [line.decode("utf-8", "replace") for line in chunk.split(b"\n")]
        not_utf8 = {row for row, line in enumerate(chunk.split(b"\n")) if lines[row].encode() != line}
    if not lines[-1]:
        del lines[-1]
    return [line.removesuffix("\r") for line in lines] if b"\r" in chunk else lines, not_utf8


def read_documents(
    lines: Sequence[str], is_mongo: bool, columns: Sequence[_Column]
) -> tuple[list[str | None], list[list[str | None]]]:
    """The fault of each line, and for each column the text of its first path that the document has.

    A number keeps its digits; true and false are words; an array or an object is JSON. A null is an empty text, so that
    None says that the document has none of the paths. Of two equal keys in an object the last counts. A line with a
    fault has no texts.

    Args:
        lines: without line ends.
        is_mongo: whether values may be wrapped as mongoexport does it.
        columns: with their dotted paths.

    >>> from types import SimpleNamespace
    >>> read_documents(['{"a": {"b": [1.10, "1"]}}', "[]"], False, [SimpleNamespace(raw_names=("a.b",))])
    ([None, 'not a JSON object'], [['[1.10,"1"]', None]])
    """
    paths = [[name.split(".") for name in column.raw_names] for column in columns]
    faults: list[str | None] = []
    decode = _decoder(str)  # a number is its text
    values: list[list[str | None]] = [[] for _ in columns]
    for start in range(0, len(lines), PIECE):
        piece_faults, texts = _read_piece(lines[start : start + PIECE], decode, is_mongo, paths)
        faults += piece_faults
        for column_values, column_texts in zip(values, texts, strict=True):
            column_values += column_texts
    return faults, values


def _read_piece(
    lines: Sequence[str], decode: Decode, is_mongo: bool, paths: Sequence[Sequence[Sequence[str]]]
) -> tuple[list[str | None], list[list[str | None]]]:
    documents = [_document(line, decode) for line in lines]
    faults = [document if type(document) is str else None for document in documents]
    columns: list[list[str | None]] = []
    for choices in paths:
        values = _first_values(documents, choices, is_mongo)
        if set(map(type, values)) != {str}:
            for row, value in enumerate(values):
                if type(value) is not str:
                    values[row], fault = _text(value, lines[row], choices, is_mongo)
                    faults[row] = faults[row] or fault
        columns.append(values)
    text = "".join(lines)
    if "\\ud" in text or "\\uD" in text:
        for values in columns:
            _mark_half_characters(values, faults)
    if any(faults):
        columns = [[None if fault else text for text, fault in zip(values, faults, strict=True)] for values in columns]
    return faults, columns


def _document(line: str, decode: Decode) -> dict[str, Any] | str:
    """The document of a line, or its fault."""
    bare = line if line[:1] == "{" and line[-1:] == "}" else line.strip(" \t\n\r")
    try:
        document, end = decode(bare)
    except ValueError:
        return NOT_AN_OBJECT
    except RecursionError:
        return TOO_DEEP
    return document if end == len(bare) and type(document) is dict else NOT_AN_OBJECT


def _first_values(documents: Sequence[Any], paths: Sequence[Sequence[str]], is_mongo: bool) -> list[Any]:
    """For each document the value at the first path that it has."""
    values = _values(documents, paths[0])
    for path in paths[1:]:
        others = _values(documents, path)
        values = [other if value is _ABSENT else value for value, other in zip(values, others, strict=True)]
    return [_unwrapped(value) if type(value) is dict else value for value in values] if is_mongo else values


def _values(documents: Sequence[Any], path: Sequence[str]) -> list[Any]:
    values = list(documents)
    for part in path:
        values = [value.get(part, _ABSENT) if type(value) is dict else _ABSENT for value in values]
    return values


def _unwrapped(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        ((name, inner),) = value.items()
        if name == "$date":
            return _moment(inner)
        if name in WRAPPERS:
            return inner
    return value


def _moment(value: Any) -> Any:
    """A moment as text; mongoexport writes ISO text, or milliseconds since 1970 UTC."""
    milliseconds = value.get("$numberLong") if isinstance(value, dict) else value
    if isinstance(milliseconds, str) and milliseconds.lstrip("-").isdecimal():
        try:
            moment = EPOCH + timedelta(milliseconds=int(milliseconds))
        except (OverflowError, ValueError):
            return milliseconds
        return f"{moment.isoformat()}+00:00"
    return value


def _text(value: Any, line: str, paths: Sequence[Sequence[str]], is_mongo: bool) -> tuple[str | None, str | None]:
    """The text of a value that is no text, and its fault."""
    if value is _ABSENT or value is None:
        return None if value is _ABSENT else "", None
    if isinstance(value, bool):
        return "true" if value else "false", None
    try:
        text = _encode(value)
        if _is_unicode(text) and _MAY_BE_NUMBER.search(text):
            (marked,) = _first_values([_document(line, _decoder(_MARK.__add__))], paths, is_mongo)
            text = _MARKED_NUMBER.sub(r"\1", _encode(marked))
    except RecursionError:
        return None, TOO_DEEP
    return text, None


def _mark_half_characters(values: list[str | None], faults: list[str | None]) -> None:
    r"""Texts that cannot be stored, such as that of the escape `\ud800` alone, become faults."""
    if not _is_unicode("".join(filter(None, values))):
        for row, value in enumerate(values):
            if value is not None and not _is_unicode(value):
                faults[row] = faults[row] or HALF_CHARACTER


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

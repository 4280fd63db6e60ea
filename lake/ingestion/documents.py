"""JSON lines: the texts that a document holds at dotted paths, exactly as they are written."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

NOT_AN_OBJECT = "not a JSON object"
#: what mongoexport wraps a value in.
WRAPPERS = ("$oid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$date", "$uuid", "$symbol")


class _Column(Protocol):
    @property
    def raw_names(self) -> tuple[str, ...]: ...


class _Number(str):
    """A number by its text."""

    __slots__ = ()


def document_values(text: str, is_mongo: bool, columns: Sequence[_Column]) -> tuple[str | None, list[str | None]]:
    """The fault of a line, and the text of each column's first path that the document has; no texts with a fault.

    A number keeps its digits; true and false are words; an array or an object is JSON. A null is an empty text, so that
    None says that the document has none of the paths.

    Args:
        text: the line.
        is_mongo: whether values may be wrapped as mongoexport does it.
        columns: with their dotted paths.
    """
    try:
        document = json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return NOT_AN_OBJECT, []
    if not isinstance(document, dict):
        return NOT_AN_OBJECT, []
    return None, [_column_text(document, column.raw_names, is_mongo) for column in columns]


def _column_text(document: Mapping[str, Any], paths: Sequence[str], is_mongo: bool) -> str | None:
    for path in paths:
        value: Any = document
        for part in path.split("."):
            if not isinstance(value, dict) or part not in value:
                break
            value = value[part]
        else:
            return _text(_unwrapped(value) if is_mongo else value)
    return None


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
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
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(milliseconds))
        except OverflowError:
            return milliseconds
        return moment.isoformat()
    return value


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return str(value or "")
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

"""The signs of a dialect: missing values, special characters, numbers, days, and invisible characters around keys."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from lake.dialect import Dialect
from lake.ingestion.text_lines import INVISIBLE

#: a moment without an offset.
LOCAL_MOMENT = r"^\s*\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{1,2}([.]\d*)?)?\s*$"
LETTER_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "a": "\a"}
CLICKHOUSE_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
POSTGRES_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)


class _Column(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def is_key(self) -> bool: ...
    @property
    def time_zone(self) -> str | None: ...


def read_signs(batch: pa.RecordBatch, dialect: Dialect, columns: Sequence[_Column]) -> pa.RecordBatch:
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
        values = _in_usual_signs(values, column.kind, dialect)
        arrays[column.name] = values if column.time_zone is None else in_utc(values, column.time_zone)
    arrays["_trimmed"] = trimmed
    return pa.RecordBatch.from_arrays([arrays[name] for name in batch.schema.names], schema=batch.schema)


def in_utc(values: pa.Array, time_zone: str) -> pa.Array:
    """Moments without an offset, which are local time of the zone, as texts in UTC; other texts as they are.

    Local time that occurs twice, when clocks go back, is the earlier moment. Local time that is skipped, when clocks go
    forward, is read with the offset of before, as Java and Spark do: 02:30 becomes 03:30.

    >>> in_utc(pa.array(["2026-03-08 02:30", "2026-03-08T02:30:00Z"]), "America/New_York").to_pylist()
    ['2026-03-08 07:30:00.000000Z', '2026-03-08T02:30:00Z']
    """
    is_local = pc.fill_null(pc.match_substring_regex(values, LOCAL_MOMENT), False)
    texts = [_naive_moment(text) for text in values.filter(is_local).to_pylist()]
    local = pa.array(texts, pa.timestamp("us"))
    earliest = pc.assume_timezone(local, time_zone, ambiguous="earliest", nonexistent="earliest")
    skipped = pc.subtract(local, pc.local_timestamp(earliest))  # zero, but where the clock skipped this time
    moments = pc.add(earliest, skipped).cast(pa.timestamp("us", "UTC")).cast(pa.string())
    read = pc.coalesce(moments, values.filter(is_local))
    return pc.replace_with_mask(values, is_local, read) if len(texts) else values


def _naive_moment(text: str) -> datetime | None:
    """The moment of a text; None if there is none such."""
    day, clock = re.split(r"[ T]", text.strip(), maxsplit=1)
    hours, minutes, seconds = (*clock.split(":"), "0")[:3]
    whole, _, fraction = seconds.partition(".")
    try:
        return datetime.strptime(f"{day} {hours}:{minutes}:{whole}.{fraction[:6] or 0}", "%Y-%m-%d %H:%M:%S.%f")
    except ValueError:
        return None


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

"""The same rows in every format: what each becomes must not depend on how it is written."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from lake import Column, Source
from lake.dialect import PRESETS, Dialect
from tests.spark.lake.corpus.rows import DUPLICATE, KEPT

SOURCE = Source(
    name="entries",
    files="entries*",
    entity="id",
    event_time="at",
    key=("id",),
    columns=(
        Column("id", "string", "who"),
        Column("at", "timestamp", "when"),
        Column("n", "bigint", "how many", nullable=True),
        Column("amount", "double", "how much", nullable=True),
        Column("day", "date", "the day", nullable=True),
        Column("note", "string", "any text", nullable=True),
    ),
    max_quarantined=0.95,
)
NAMES = tuple(column.name for column in SOURCE.columns)
Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Kind:
    """What is odd about a row; `becomes` is kept, duplicate, or how its reason begins.

    `value` is what the lake must hold in the changed column of a kept row.
    """

    what: str
    becomes: str
    changes: Row
    value: object = None


def _contradiction(n: str) -> Kind:
    reason = "contradicts another row of its batch with the same id"
    return Kind(f"two rows with one id, {n} of 2", reason, {"id": "contradiction", "n": n})


KINDS = (
    Kind("a valid row", KEPT, {}),
    Kind("the same row again", DUPLICATE, {"id": "row 0"}),
    _contradiction("1"),
    _contradiction("2"),
    Kind("no id", "id: empty", {"id": None}),
    Kind("spaces for an id", "id: empty", {"id": "  "}),
    Kind("invisible characters around an id", KEPT, {"id": "\u00a0trimmed\u200b"}, "trimmed"),
    Kind("a NUL character in an id", "id: holds a NUL character", {"id": "a\0b"}),
    Kind("no moment", "at: empty", {"at": None}),
    Kind("an hour that does not exist", "at: not a timestamp: 2026-01-05 25:00:00", {"at": "2026-01-05 25:00:00"}),
    Kind("a moment of the future", "at: after its batch was made: 2199", {"at": "2199-01-05 10:00:00"}),
    Kind("a day that does not exist", "day: not a date: 2026-02-30", {"day": "2026-02-30"}),
    Kind("no number", KEPT, {"n": None}),
    Kind("a word for a number", "n: not a bigint: seven", {"n": "seven"}),
    Kind("a fraction for a whole number", "n: not a bigint: 1.5", {"n": "1.5"}),
    Kind("a whole number over 2^63", "n: not a bigint: 9223372036854775808", {"n": "9223372036854775808"}),
    Kind("a whole number over 2^53", KEPT, {"n": "9007199254740993"}, 9007199254740993),
    Kind("an amount with its currency", "amount: not a double: 12 USD", {"amount": "12 USD"}),
    Kind("an amount that is no number", "amount: not finite: NaN", {"amount": "NaN"}),
    Kind("a negative fraction", KEPT, {"amount": "-0.5"}, -0.5),
    Kind("no text", KEPT, {"note": None}),
    Kind("a line end in a text", KEPT, {"note": "one\ntwo"}, "one\ntwo"),
    Kind("separators in a text", KEPT, {"note": "a,b;c\td|e"}, "a,b;c\td|e"),
    Kind("quotes in a text", KEPT, {"note": 'he said "no", twice'}, 'he said "no", twice'),
    Kind("backslashes in a text", KEPT, {"note": "C:\\new\\N"}, "C:\\new\\N"),
    Kind("letters of four bytes", KEPT, {"note": "причал 🎬"}, "причал 🎬"),
)


def row(place: int) -> dict[str, str | None]:
    """The row of a kind, as texts."""
    plain = {"id": f"row {place}", "at": "2026-01-05 10:00:00", "n": "7", "amount": "1.5", "day": "2026-01-05"}
    return {**plain, "note": "x", **KINDS[place].changes}


def _written(field: str | None, name: str, dialect: Dialect) -> str:
    """A field in the signs of the dialect, without quotes or escapes."""
    if field is None:
        return dialect.null_markers[0] if dialect.null_markers else ""
    if dialect.date_format is not None and name in {"at", "day"}:
        year, month, rest = field.split("-", 2)
        field = f"{rest[:2]}.{month}.{year}{rest[2:]}"
    return field.replace(".", dialect.decimal) if name in {"n", "amount"} else field


def _quoted(rows: list[Row], dialect: Dialect) -> bytes:
    text = io.StringIO()
    has_backslash = dialect.escape == "backslash"
    writer = csv.writer(
        text, delimiter=dialect.separator, doublequote=not has_backslash, escapechar="\\" if has_backslash else None,
        quoting=csv.QUOTE_ALL if has_backslash else csv.QUOTE_MINIMAL, lineterminator="\n",
    )  # fmt: skip
    writer.writerow(NAMES)
    writer.writerows([[_written(row[name], name, dialect) for name in NAMES] for row in rows])
    return text.getvalue().encode(dialect.encoding)


def _escaped(rows: list[Row], dialect: Dialect) -> bytes:
    signs = {"\\": "\\\\", "\t": "\\t", "\n": "\\n"}

    def field(value: str | None, name: str) -> str:
        plain = _written(value, name, dialect)
        return plain if value is None else "".join(signs.get(letter, letter) for letter in plain)

    lines = ["\t".join(NAMES), *("\t".join(field(row[name], name) for name in NAMES) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def _documents(rows: list[Row], dialect: Dialect) -> bytes:
    def value(text: str | None, name: str) -> object:
        if dialect.documents == "mongo" and name == "n" and text is not None and text.isdigit():
            return {"$numberLong": text}
        return text

    return "".join(json.dumps({name: value(row[name], name) for name in NAMES}) + "\n" for row in rows).encode()


def _parquet(rows: list[Row], _dialect: Dialect) -> bytes:
    content = io.BytesIO()
    parquet.write_table(pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in NAMES}), content)
    return content.getvalue()


#: name of a preset or format -> the format, and what writes rows in it.
FORMATS: dict[str, tuple[str, Callable[[list[Row], Dialect], bytes]]] = {
    "csv": ("csv", _quoted),
    "appmetrica": ("csv", _quoted),
    "spark_csv": ("csv", _quoted),
    "excel_csv": ("csv", _quoted),
    "tsv": ("tsv", _escaped),
    "metrica": ("tsv", _escaped),
    "clickhouse_tsv": ("tsv", _escaped),
    "postgres_copy": ("tsv", _escaped),
    "jsonl": ("jsonl", _documents),
    "mongoexport": ("jsonl", _documents),
    "parquet": ("parquet", _parquet),
}


def write_format(name: str, raw: Path) -> None:
    """One file of a format that holds a row of every kind."""
    form, write = FORMATS[name]
    raw.mkdir()
    rows: list[Row] = [row(place) for place in range(len(KINDS))]
    (raw / f"entries.{form}").write_bytes(write(rows, PRESETS.get(name, Dialect())))

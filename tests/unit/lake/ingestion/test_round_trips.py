"""What another library writes is ingested exactly: a row is kept as it was, is a duplicate, or is put aside."""

import csv
import gzip
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from lake import Column, Dialect, Source, Table, ingest
from lake.ingestion import documents, text_lines
from lake.ingestion.text_lines import INVISIBLE
from stack.engines.duckdb_engine import DuckEngine
from tests.spark.lake.shop import rows_of

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
        Column("tag", "string", "any text", nullable=True),
    ),
    max_quarantined=1.0,
)
NAMES = tuple(column.name for column in SOURCE.columns)
TODAY = date(2199, 12, 31)
Row = tuple[Any, ...]

#: letters and words that matter to some dialect, among others.
LETTERS = st.sampled_from(
    [*list("ab,;|\t\"'\\\n\r \0#éю中😀\u2028\xa0\ufeff{"), "\r\n", '""', "\\N", "\\n", "NULL", "1,5"]
)
TEXTS = st.lists(LETTERS, max_size=6).map("".join)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=3)), timezone(-timedelta(hours=9, minutes=30))])
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 30), timezones=ZONES)
FEBRUARY = datetime(2026, 2, 1, 10, tzinfo=UTC)
ROWS = st.tuples(
    TEXTS | st.sampled_from(["u1", "u2", "u3"]),
    MOMENTS | st.sampled_from([FEBRUARY, FEBRUARY.replace(year=1850)]),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False) | st.sampled_from([0.1, 1e22, 5e-324, -0.0]),
    st.none() | st.dates(date(1850, 1, 1), date(2250, 1, 1)),
    st.none() | TEXTS,
    st.none() | TEXTS,
)
#: without a valid row the step stops.
VALID: Row = ("valid", FEBRUARY, 1, 0.1, date(2026, 2, 1), "x", None)


def with_repeated_ids(rows: Sequence[Row]) -> st.SearchStrategy[list[Row]]:
    """Some rows again, and some with two texts exchanged."""
    exchanged = [(*row[:5], row[6], row[5]) for row in rows[2:5]]
    return st.permutations([VALID, *rows, *rows[:3], *exchanged])


#: an ingest takes long, so there are fewer tables, with more rows, and a failing table is shown as it is.
FEWER = settings(max_examples=settings.default.max_examples // 3, phases=[Phase.explicit, Phase.generate])
TABLES = st.lists(ROWS, max_size=20).flatmap(with_repeated_ids)


@dataclass(frozen=True)
class Outcome:
    """What must become of a table's rows."""

    kept_rows: list[Row]
    duplicates: int
    quarantined: int


def expected_outcome(rows: Sequence[Row], null_marker: str | None = None) -> Outcome:
    """By a plain loop over the rows, which are as they were before anybody wrote them."""
    by_id: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        id_, at, n, amount, day, *texts = row
        id_ = "" if id_ == null_marker else id_.strip(INVISIBLE)
        texts = [None if text == null_marker else (text or "").strip(" ") or None for text in texts]
        days = [at, *([day] if day else [])]
        is_valid = id_ and "\0" not in id_ and all(1900 <= day.year < 2200 for day in days)
        if is_valid and (amount is None or math.isfinite(amount)):
            by_id[id_].append((id_, at.astimezone(UTC), n, amount, day, *texts))
    resolved = [same[:1] if len(set(same)) == 1 else [] for same in by_id.values()]
    kept_rows = [row for some in resolved for row in some]
    duplicates = sum(len(same) - 1 for same in by_id.values() if len(set(same)) == 1)
    return Outcome(sorted(kept_rows), duplicates, len(rows) - len(kept_rows) - duplicates)


def check_ingest(source: Source, folder: Path, rows: Sequence[Row], null_marker: str | None = None) -> None:
    """Ingest the raw folder, and compare the table and the quarantine with what the rows must become."""
    table = Table(folder / "lake", "shop", "entries")
    with mock.patch.object(text_lines, "CHUNK_BYTES", 64), mock.patch.object(documents, "PIECE", 3):
        done = ingest(lambda: DuckEngine("UTC", threads=1), source, folder / "raw", table, today=TODAY)
    stored_rows = [tuple(row.values()) for row in rows_of(table.folders(), ", ".join(NAMES))]
    aside = [row for path in table.quarantine.glob("*") for row in rows_of([path])]
    expected = expected_outcome(rows, null_marker)
    assert sorted((id_, at.astimezone(UTC), *others) for id_, at, *others in stored_rows) == expected.kept_rows
    assert len(aside) == done.manifest.quarantined == expected.quarantined
    assert all(row["reason"] and row["raw"] and row["position"] for row in aside)
    assert done.manifest.duplicates == expected.duplicates
    assert done.manifest.rows_in == len(rows)


def is_encodable(table: Sequence[Sequence[str]], encoding: str) -> bool:
    try:
        "".join(text for texts in table for text in texts).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Signs:
    """How a table is written as text."""

    separator: str
    quote: str
    ending: str
    encoding: str
    null_marker: str | None
    decimal: str
    date_format: str | None
    is_packed: bool

    @property
    def source(self) -> Source:
        markers = () if self.null_marker is None else (self.null_marker,)
        return replace(
            SOURCE,
            dialect=Dialect(
                separator=self.separator, quote=self.quote, null_markers=markers, encoding=self.encoding,
                decimal=self.decimal, date_format=self.date_format,
            ),
        )  # fmt: skip

    def texts(self, row: Row) -> tuple[str, ...]:
        id_, at, n, amount, day, note, tag = row
        null = self.null_marker or ""
        day_format = self.date_format or "%Y-%m-%d"
        return (
            id_, at.strftime(day_format) + at.isoformat(" ")[10:],
            null if n is None else str(n), null if amount is None else repr(amount).replace(".", self.decimal),
            null if day is None else day.strftime(day_format), null if note is None else note,
            null if tag is None else tag,
        )  # fmt: skip


SIGNS = st.builds(
    Signs,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    quote=st.sampled_from(['"', "'"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1251", "koi8-r"]),
    null_marker=st.sampled_from([None, "NULL", "\\N"]),
    decimal=st.sampled_from([".", ","]),
    date_format=st.sampled_from([None, "%d.%m.%Y", "%m/%d/%Y"]),
    is_packed=st.booleans(),
)


def write_by_csv(path: Path, signs: Signs, table: Sequence[Sequence[str]], quoting: int) -> None:
    opened = gzip.open if signs.is_packed else open
    with opened(path, "wt", newline="", encoding=signs.encoding) as file:
        writer = csv.writer(
            file, delimiter=signs.separator, quotechar=signs.quote, lineterminator=signs.ending, quoting=quoting
        )
        writer.writerows([NAMES, *table])


def write_by_pandas(path: Path, signs: Signs, table: Sequence[Sequence[str]], quoting: int) -> None:
    frame = pd.DataFrame(table, columns=list(NAMES), dtype=object)
    frame.to_csv(
        path, index=False, sep=signs.separator, quotechar=signs.quote, lineterminator=signs.ending, quoting=quoting,
        encoding=signs.encoding, compression="gzip" if signs.is_packed else None,
    )  # fmt: skip


@pytest.mark.parametrize("write", [write_by_csv, write_by_pandas])
@FEWER
@given(rows=TABLES, signs=SIGNS, is_quoted=st.booleans())
def test_text_in_any_dialect(write, rows, signs, is_quoted, tmp_path_factory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("text")
    (folder / "raw").mkdir()
    table = [signs.texts(row) for row in rows]
    if not is_encodable(table, signs.encoding):
        signs = replace(signs, encoding="utf-8")
    # Where lines end with a line feed, the csv module leaves a lone carriage return without quotes.
    must_quote = is_quoted or any("\r" in text for texts in table for text in texts)
    path = folder / "raw" / ("entries.csv.gz" if signs.is_packed else "entries.csv")
    write(path, signs, table, csv.QUOTE_ALL if must_quote else csv.QUOTE_MINIMAL)
    check_ingest(signs.source, folder, rows, signs.null_marker)


def arrow_table(rows: Sequence[Row]) -> pa.Table:
    types = [pa.string(), pa.timestamp("us", "UTC"), pa.int64(), pa.float64(), pa.date32(), pa.string(), pa.string()]
    return pa.table({
        name: pa.array([row[place] for row in rows], kind)
        for place, (name, kind) in enumerate(zip(NAMES, types, strict=True))
    })  # fmt: skip


@FEWER
@given(rows=TABLES, separator=st.sampled_from([",", ";", "|"]), style=st.sampled_from(["needed", "all_valid"]))
def test_text_by_pyarrow(rows, separator, style, tmp_path_factory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("arrow")
    (folder / "raw").mkdir()
    options = arrow_csv.WriteOptions(delimiter=separator, quoting_style=style)
    arrow_csv.write_csv(arrow_table(rows), folder / "raw" / "entries.csv", options)
    check_ingest(replace(SOURCE, dialect=Dialect(separator=separator)), folder, rows)


@FEWER
@given(
    rows=TABLES,
    moment=st.sampled_from([pa.timestamp("us", "UTC"), pa.timestamp("ns", "Asia/Tokyo"), pa.timestamp("us")]),
    day=st.sampled_from([pa.date32(), pa.date64(), pa.timestamp("us"), pa.string()]),
    number=st.sampled_from([pa.int64(), pa.decimal128(21, 2), pa.string()]),
    text=st.sampled_from([pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]),
    group_rows=st.integers(1, 20),
)  # fmt: skip
def test_parquet_of_any_types(rows, moment, day, number, text, group_rows, tmp_path_factory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("parquet")
    (folder / "raw").mkdir()
    table = arrow_table(rows)
    for name, kind in {"at": moment, "day": day, "n": number, "id": text, "note": text}.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table.column(name).cast(kind))
    parquet.write_table(table, folder / "raw" / "entries.parquet", row_group_size=group_rows)
    check_ingest(replace(SOURCE, format="parquet"), folder, rows)


def document(row: Row, is_mongo: bool, has_nulls: bool) -> dict[str, Any]:
    values = dict(zip(NAMES, row, strict=True))
    for name in ("at", "day"):
        values[name] = values[name] and values[name].isoformat()
    if is_mongo:
        values["at"] = {"$date": values["at"]}
        values["n"] = None if values["n"] is None else {"$numberLong": str(values["n"])}
    values["who"] = {"id": values.pop("id"), "other": [1, {"id": "x"}]}
    return {name: value for name, value in values.items() if has_nulls or value is not None}


@FEWER
@given(rows=TABLES, is_mongo=st.booleans(), has_nulls=st.booleans(), is_ascii=st.booleans(), indent=st.booleans())
def test_documents(rows, is_mongo, has_nulls, is_ascii, indent, tmp_path_factory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("documents")
    (folder / "raw").mkdir()
    separators = (" ,\t", " : ") if indent else (",", ":")
    lines = [
        json.dumps(document(row, is_mongo, has_nulls), ensure_ascii=is_ascii, separators=separators) for row in rows
    ]
    (folder / "raw" / "entries.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    columns = (replace(SOURCE.columns[0], raw=("who.id",)), *SOURCE.columns[1:])
    source = replace(SOURCE, format="jsonl", dialect="mongoexport" if is_mongo else None, columns=columns)
    check_ingest(source, folder, rows)

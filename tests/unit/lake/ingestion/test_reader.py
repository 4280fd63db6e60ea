"""What a second library writes in any dialect is read back exactly, or is put aside."""

import csv
import gzip
import io
import pickle
import sys
from pathlib import Path
from unittest import mock

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv as arrow_csv
from pyspark import cloudpickle

from lake.dialect import PRESETS, Dialect
from lake.ingestion import reader, text_lines
from lake.ingestion.reader import BLANK, HEADER, FileColumn, ReadError, header_names, read_batches
from lake.ingestion.staging import stage_files

NAMES = ("id", "note", "n")
COLUMNS = tuple(FileColumn(name, (name,)) for name in NAMES)
#: letters that matter to some dialect, among others.
LETTERS = st.sampled_from([*list("ab,;\t\"'\\\n\r |é中\u2028#N"), "\r\n", '""', "\\N", "\\n", "\xa0"])
TEXTS = st.lists(LETTERS, max_size=8).map("".join)
TABLES = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=12)
CHUNKS = st.sampled_from([7, 64, 4 << 20])


def read(path: Path, dialect: Dialect, form: str = "csv", columns: tuple[FileColumn, ...] = COLUMNS) -> pd.DataFrame:
    batches = list(read_batches(path, form, dialect, columns))
    return pa.Table.from_batches(batches, reader.batch_schema(columns)).to_pandas().replace({float("nan"): None})


def rows(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    """The fields of the sound records, an empty text for a missing one."""
    sound = frame[frame["_fault"].isna()]
    return [tuple(value or "" for value in row) for row in sound[list(NAMES)].itertuples(index=False)]


def by_csv_module(path: Path, table: list[tuple[str, ...]], ending: str, separator: str = ",") -> None:
    # The module itself leaves a lone carriage return without quotes, where lines end with a line feed.
    quoting = csv.QUOTE_ALL if any("\r" in field for row in table for field in row) else csv.QUOTE_MINIMAL
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator, lineterminator=ending, quoting=quoting).writerows([NAMES, *table])


def by_pandas(path: Path, table: list[tuple[str, ...]], ending: str) -> None:
    frame = pd.DataFrame(table, columns=list(NAMES), dtype=object)
    frame.to_csv(path, index=False, lineterminator=ending, quoting=csv.QUOTE_NONNUMERIC)


def by_pyarrow(path: Path, table: list[tuple[str, ...]], ending: str) -> None:
    columns = {name: pa.array([row[place] for row in table], pa.string()) for place, name in enumerate(NAMES)}
    arrow_csv.write_csv(pa.table(columns), path)


@pytest.mark.parametrize("writer", [by_csv_module, by_pandas, by_pyarrow])
@given(table=TABLES, ending=st.sampled_from(["\n", "\r\n"]), chunk=CHUNKS)
def test_csv_of_any_writer_is_read_back(writer, table, ending, chunk, tmp_path_factory):  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    writer(path, table, ending)
    with mock.patch.object(text_lines, "CHUNK_BYTES", chunk):
        frame = read(path, PRESETS["csv"])
    # An empty field and a missing one are the same here. A row equal to the header is taken for it.
    assert rows(frame) == [row for row in table if row != NAMES]
    assert set(frame["_fault"].dropna()) <= {HEADER}


@given(table=TABLES, chunk=CHUNKS, escape=st.sampled_from(["clickhouse", "postgres"]))
def test_tab_separated_text_with_escapes_is_read_back(table, chunk, escape, tmp_path_factory):  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("tsv") / "table.tsv"

    def written(text: str) -> str:
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")

    lines = ["\t".join(NAMES), *("\t".join(map(written, row)) for row in table)]
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    with mock.patch.object(text_lines, "CHUNK_BYTES", chunk):
        frame = read(path, Dialect(separator="\t", quote=None, escape=escape, null_markers=("\\N",)), "tsv")
    assert rows(frame) == [row for row in table if row != NAMES]


@given(table=TABLES, chunk=CHUNKS)
def test_csv_with_backslashes_is_read_back(table, chunk, tmp_path_factory):  # type: ignore[no-untyped-def]
    """As Spark writes: a field is quoted where it must be, and inside a backslash stands before both signs."""
    path = tmp_path_factory.mktemp("spark") / "table.csv"

    def written(text: str) -> str:
        if not set(text) & set(',"\n\r') and text == text.strip() and text:
            return text
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    lines = [",".join(NAMES), *(",".join(map(written, row)) for row in table)]
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    with mock.patch.object(text_lines, "CHUNK_BYTES", chunk):
        frame = read(path, PRESETS["spark_csv"])
    assert rows(frame) == [row for row in table if row != NAMES]


@given(content=st.binary(max_size=200), chunk=CHUNKS, separator=st.sampled_from([",", ";", "\t"]))
@settings(max_examples=300)
def test_every_line_of_any_bytes_is_a_record_or_put_aside(content, chunk, separator, tmp_path_factory):  # type: ignore[no-untyped-def]
    """Nothing disappears: the records' texts, put together, are the lines of the file."""
    path = tmp_path_factory.mktemp("bytes") / "table.csv"
    path.write_bytes(f"id{separator}note{separator}n\n".encode() + content)
    with mock.patch.object(text_lines, "CHUNK_BYTES", chunk):
        frame = read(path, Dialect(separator=separator))
    lines = content.split(b"\n")[: None if content and not content.endswith(b"\n") else -1]
    taken = [text for raw in frame["_raw"] for text in raw.split("\n")]
    assert [text.rstrip("\r") for text in taken] == [line.decode("utf-8", "replace").rstrip("\r") for line in lines]
    assert frame["_line"].is_monotonic_increasing


@given(table=TABLES)
def test_pieces_of_any_size_give_the_same_records(table, tmp_path_factory):  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("pieces") / "table.csv"
    by_csv_module(path, table, "\n")
    whole = read(path, PRESETS["csv"])
    for chunk in (1, 3, 50):
        with mock.patch.object(text_lines, "CHUNK_BYTES", chunk):
            assert read(path, PRESETS["csv"]).equals(whole)


LINES = {
    "a field too few": (b"1,x", "2 fields instead of the 3 of the header"),
    "a field too many": (b"1,x,2,3", "4 fields instead of the 3 of the header"),
    "an empty line": (b"", BLANK),
    "the header again": (b"id,note,n", HEADER),
    "text behind a closing quote": (b'1,"x"y,2', "quotes do not balance: text behind a closing quote"),
    "an open quote": (b'1,"x,2', "quotes do not balance"),
    "a carriage return in the middle": (b"1,x\ry,2", "a carriage return inside a line"),
    "bytes that are not UTF-8": (b"1,\xff,2", "not UTF-8"),
}


@pytest.mark.parametrize("quoted", [False, True], ids=["no quote elsewhere", "quotes elsewhere"])
@pytest.mark.parametrize(("line", "fault"), LINES.values(), ids=LINES)
def test_a_line_that_is_no_record_does_not_harm_its_neighbours(line: bytes, fault: str, quoted: bool, tmp_path: Path):
    other = b'9,"z",9' if quoted else b"9,z,9"
    (tmp_path / "a.csv").write_bytes(b"\n".join([b"id,note,n", other, line, other, other, b""]))
    frame = read(tmp_path / "a.csv", PRESETS["csv"])
    assert rows(frame) == [("9", "z", "9")] * 3
    (bad,) = frame[frame["_fault"].notna()].itertuples()
    assert bad[3].startswith(fault)
    assert bad[1] == 3
    assert bad[2] == line.decode("utf-8", "replace")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1251", "koi8-r"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings(codec: str, packed: bool, tmp_path: Path):
    content = 'id,note,n\nю1,"причал,\nпирс",7\n'.encode(codec)
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    encoding = "utf-8" if codec == "utf-8-sig" else codec
    assert header_names(path, Dialect(encoding=encoding)) == NAMES
    assert rows(read(path, Dialect(encoding=encoding))) == [("ю1", "причал,\nпирс", "7")]


def test_numbers_and_days_in_other_signs(tmp_path: Path):
    (tmp_path / "a.csv").write_text("id;note;n\n1;31.12.2025 10:30;1 234 567,5\n2;1.2.2026;-0,5\n3;2026-01-01;1 2\n")
    columns = (FileColumn("id", ("id",)), FileColumn("note", ("note",), "day"), FileColumn("n", ("n",), "number"))
    frame = read(tmp_path / "a.csv", PRESETS["excel_csv"], columns=columns)
    assert rows(frame) == [
        ("1", "2025-12-31 10:30", "1234567.5"), ("2", "2026-02-01", "-0.5"), ("3", "2026-01-01", "1 2"),
    ]  # fmt: skip


def test_comments_and_a_file_without_a_header(tmp_path: Path):
    (tmp_path / "a.csv").write_text("# exported\n1,x,2\n# the end, of it\n")
    frame = read(tmp_path / "a.csv", Dialect(column_names=NAMES, comment="#"))
    assert rows(frame) == [("1", "x", "2")]
    assert set(frame["_fault"].dropna()) == {BLANK}


def test_invisible_characters_around_keys_are_removed_and_marked(tmp_path: Path):
    (tmp_path / "a.csv").write_text("id,note,n\n\u00a01\u200b,\u00a0x,2\n 2 ,y,3\n", encoding="utf-8")
    columns = (FileColumn("id", ("id",), is_key=True), *COLUMNS[1:])
    frame = read(tmp_path / "a.csv", PRESETS["csv"], columns=columns)
    assert rows(frame) == [("1", "\u00a0x", "2"), ("2", "y", "3")]
    assert list(frame["_trimmed"]) == [True, False]


@pytest.mark.parametrize(
    ("document", "values"),
    [
        ('{"id": 12345678901234567890, "note": 1.10, "n": true}', ("12345678901234567890", "1.10", "true")),
        ('{"id": {"$oid": "a1"}, "comment": "new", "n": {"$numberLong": "7"}}', ("a1", "new", "7")),
        ('{"id": "x", "note": {"$date": "2026-01-01T10:00:00Z"}, "n": 7}', ("x", "2026-01-01T10:00:00Z", "7")),
        (
            '{"id": "x", "note": {"$date": {"$numberLong": "1769904000500"}}}',
            ("x", "2026-02-01T00:00:00.500000+00:00", ""),
        ),
        ('{"id": "x", "note": ["drama", {"a": null}]}', ("x", '["drama",{"a":null}]', "")),
    ],
)
def test_documents(document: str, values: tuple[str, ...], tmp_path: Path):
    (tmp_path / "a.jsonl").write_text(document + "\n")
    columns = (COLUMNS[0], FileColumn("note", ("note", "comment")), COLUMNS[2])
    assert rows(read(tmp_path / "a.jsonl", PRESETS["mongoexport"], "jsonl", columns)) == [values]


NATIVE = {
    "whole floats": (pa.array([1001.0, 12345678.0, None, 2.7, 2.0**53, 2.0**53 + 2]),
                     ["1001", "12345678", None, "2.7", "9007199254740992", "9007199254740994.0"]),
    "large integers": (pa.array([2**64 - 1, None], pa.uint64()), ["18446744073709551615", None]),
    "nanoseconds": (pa.array([1_769_904_000_123_456_789], pa.timestamp("ns")), ["2026-02-01 00:00:00.123456"]),
    "moments with a zone": (pa.array([1_769_904_000_000_000], pa.timestamp("us", "Asia/Tokyo")),
                            ["2026-02-01 00:00:00.000000Z"]),
    "days": (pa.array([20_485], pa.date32()), ["2026-02-01"]),
    "words from a list": (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
    "truth": (pa.array([True, None]), ["true", None]),
    "bytes": (pa.array([b"x", None], pa.binary()), ["x", None]),
}  # fmt: skip


@pytest.mark.parametrize(("values", "texts"), NATIVE.values(), ids=NATIVE)
def test_parquet_values_become_exact_texts(values: pa.Array, texts: list[str | None], tmp_path: Path):
    pa.parquet.write_table(pa.table({"id": values}), tmp_path / "a.parquet")
    frame = read(tmp_path / "a.parquet", PRESETS["csv"], "parquet", (COLUMNS[0],))
    assert list(frame["id"]) == texts
    assert list(frame["_line"]) == list(range(1, len(texts) + 1))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([1_769_904_000_000_000_000, None], pa.timestamp("ns")), ["2026-02-01", None]),
        (pa.array([1_769_871_600_000_000], pa.timestamp("us", "Asia/Tokyo")), ["2026-02-01"]),
        (pa.array([1_769_904_001_000], pa.timestamp("ms")), ["2026-02-01 00:00:01.000000"]),
    ],
    ids=["midnight in nanoseconds", "midnight of a zone", "a moment that is no day"],
)
def test_a_day_that_was_written_as_its_midnight_is_a_day(values: pa.Array, texts: list[str | None], tmp_path: Path):
    pa.parquet.write_table(pa.table({"day": values}), tmp_path / "a.parquet")
    frame = read(tmp_path / "a.parquet", PRESETS["csv"], "parquet", (FileColumn("day", ("day",), "day"),))
    assert [None if pd.isna(text) else text for text in frame["day"]] == texts


def test_a_file_that_is_cut_off_is_not_read_to_its_end(tmp_path: Path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id,note,n\n" + b"1,x,2\n" * 50_000)[:-200])
    with pytest.raises(ReadError):
        read(path, PRESETS["csv"])


def test_memory_does_not_hold_the_file(tmp_path: Path):
    """Batches are handed over before the file is read to its end."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,note,n\n" + b'1,"x",2\n' * 100_000)
    content = io.BytesIO(path.read_bytes())
    with mock.patch.object(text_lines, "CHUNK_BYTES", 1 << 12), mock.patch.object(reader, "open_raw") as opened:
        opened.return_value.__enter__.return_value = content
        next(read_batches(path, "csv", PRESETS["csv"], COLUMNS))
        assert content.tell() < 100_000


def test_a_worker_without_this_project_can_be_given_the_reader():
    packages = [sys.modules[name] for name in ("lake", "stack")]
    for package in packages:
        cloudpickle.register_pickle_by_value(package)
    try:
        code = cloudpickle.dumps((stage_files, read_batches, Dialect(separator=";"), COLUMNS))
    finally:
        for package in packages:
            cloudpickle.unregister_pickle_by_value(package)
    assert pickle.loads(code)[2].separator == ";"  # noqa: S301

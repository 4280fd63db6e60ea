"""Exports as other systems write them: the values that the lake must hold, and what is put aside."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pytest
from pyarrow import parquet

from features import DuckEngine
from lake import Column, Dialect, Ingested, Source, Table, ingest
from lake.ingestion.raw_files import RawFileError
from tests.spark.lake.shop import rows_of

NOTES = Source(
    name="notes",
    files="*",
    entity="user_id",
    event_time="at",
    columns=(
        Column("user_id", "string", "who"),
        Column("at", "timestamp", "when"),
        Column("note", "string", "what was written", nullable=True),
        Column("n", "bigint", "how many", nullable=True),
    ),
    max_quarantined=0.9,
)
DOCUMENTS = replace(
    NOTES,
    format="jsonl",
    dialect="mongoexport",
    columns=(
        replace(NOTES.columns[0], raw=("_id",)),
        replace(NOTES.columns[1], raw=("created",)),
        replace(NOTES.columns[2], raw=("note", "comment")),
        NOTES.columns[3],
    ),
)
Take = Callable[[Source, Path, Path], Ingested]


@pytest.fixture
def taken(ingest_source: Take, tmp_path: Path):  # type: ignore[no-untyped-def]
    def read(
        source: Source, content: bytes | pa.Table, name: str = "notes"
    ) -> tuple[list[tuple[object, ...]], list[str]]:
        """The rows rows kept, ordered by user, and the reasons of what was put aside."""
        raw = tmp_path / "raw"
        raw.mkdir()
        if isinstance(content, bytes):
            (raw / name).write_bytes(content)
        else:
            parquet.write_table(content, raw / name)
        manifest = ingest_source(source, raw, tmp_path / "lake").manifest
        table = Table(tmp_path / "lake", "shop", source.name)
        rows = rows_of(table.folders(), "user_id, note, n")
        aside = [path for path in table.quarantine.glob("*") if path.is_dir()]
        reasons = [row["reason"] for path in aside for row in rows_of([path])]
        assert manifest.rows_in == len(rows) + len(reasons)
        return [tuple(row.values()) for row in rows], reasons

    return read


HEAD = b"user_id,at,note,n\n"


def test_a_line_break_in_quotes_belongs_to_its_field(taken):  # type: ignore[no-untyped-def]
    content = HEAD + b'u1,2026-01-02 10:00:00,"he wrote:\nu77,2026-01-03 09:00:00,refund,9\nthat is all",7\n'
    rows, reasons = taken(NOTES, content)
    assert rows == [("u1", "he wrote:\nu77,2026-01-03 09:00:00,refund,9\nthat is all", 7)]
    assert reasons == []


def test_a_comma_in_quotes_may_stand_in_the_header(taken):  # type: ignore[no-untyped-def]
    rows, _ = taken(NOTES, b'user_id,at,note,n,"spent, rubles"\nu1,2026-01-01 10:00:00,fine,1,9\n')
    assert rows == [("u1", "fine", 1)]


def test_the_null_marker_of_clickhouse_is_no_value(taken):  # type: ignore[no-untyped-def]
    lines = ["user_id\tat\tnote\tn", "u1\t2026-01-02 10:00:00\t\\N\t5", "u2\t2026-01-02 10:00:00\tx\t\\N",
             "\\N\t2026-01-02 10:00:00\tx\t5"]  # fmt: skip
    source = replace(NOTES, format="tsv", dialect="clickhouse_tsv")
    rows, reasons = taken(source, "".join(f"{line}\n" for line in lines).encode())
    assert rows == [("u1", None, 5), ("u2", "x", None)]
    assert reasons == ["user_id: empty"]


@pytest.mark.parametrize("field", ["note", "comment"])
def test_a_renamed_field_of_documents_is_found_and_wrapped_values_are_read(field: str, taken):  # type: ignore[no-untyped-def]
    document = (
        f'{{"_id": {{"$oid": "0003"}}, "created": {{"$date": "2026-02-01T10:00:00Z"}}, "{field}": "x", '
        '"n": {"$numberLong": "9007199254740993"}}'
    )
    assert taken(DOCUMENTS, document.encode()) == ([("0003", "x", 9007199254740993)], [])


def test_a_field_that_no_document_has_is_told_by_its_name(ingest_source: Take, tmp_path: Path):
    document = '{"_id": "%d", "created": "2026-02-01 10:00:00", "n": null, "remark": "x"}\n'
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "notes").write_text(document % 1 + "no document\n" + document % 2)
    manifest = ingest_source(DOCUMENTS, tmp_path / "raw", tmp_path / "lake").manifest
    assert (manifest.rows_kept, manifest.absent) == (2, {"note": ["notes"]})
    assert Table(tmp_path / "lake", "shop", "notes").require() == manifest


def test_whole_floats_become_integers_and_others_are_put_aside(taken):  # type: ignore[no-untyped-def]
    moments = pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 4, pa.timestamp("ns", "UTC"))
    table = pa.table({
        "user_id": [1001.0, 12345678.0, 2.0**53 + 2, 3.0], "at": moments, "note": ["a", "b", "c", "d"],
        "n": [1.0, None, 1.0, 2.7],
    })  # fmt: skip
    rows, reasons = taken(replace(NOTES, format="parquet"), table)
    assert rows == [("1001", "a", 1), ("12345678", "b", None)]
    assert sorted(reasons) == [
        "a float beyond 2^53, which may stand for several whole numbers", "n: not a bigint: 2.7",
    ]  # fmt: skip


def test_a_spreadsheet_export_with_its_signs(taken):  # type: ignore[no-untyped-def]
    dialect = Dialect(
        separator=";",
        decimal=",",
        thousands=" ",
        date_format="%d.%m.%Y",
        encoding="windows-1251",
        null_markers=("NULL",),
    )
    content = "user_id;at;note;n\nж1;31.12.2025 10:00:00;причал;1 234\nж2;01.02.2026 10:00;NULL;7\n".encode(
        "windows-1251"
    )
    assert taken(replace(NOTES, dialect=dialect), content)[0] == [("ж1", "причал", 1234), ("ж2", None, 7)]


def test_invisible_characters_around_ids_make_no_other_people(ingest_source: Take, tmp_path: Path):
    lines = ["u1,2026-01-01 10:00:00,,1", "\u00a0u1\u200b,2026-01-02 10:00:00,,2", "u1\0\0,2026-01-03 10:00:00,,3"]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "notes.csv").write_bytes(HEAD + "".join(f"{line}\n" for line in lines).encode())
    manifest = ingest_source(NOTES, tmp_path / "raw", tmp_path / "lake").manifest
    assert {row["user_id"] for row in rows_of(Table(tmp_path / "lake", "shop", "notes").folders())} == {"u1"}
    assert (manifest.rows_kept, manifest.trimmed) == (3, 2)


def test_a_batch_of_the_projects_today_is_taken(tmp_path: Path):
    """Its zone may be ahead of the machine's."""
    tomorrow = date(2026, 3, 11)
    folder = tmp_path / "raw" / str(tomorrow)
    folder.mkdir(parents=True)
    (folder / "notes.csv").write_bytes(HEAD + b"u1,2026-01-01 10:00:00,x,1\n")
    source, table = replace(NOTES, files="*/notes.csv"), Table(tmp_path / "lake", "shop", "notes")
    moment = datetime(2026, 3, 10, 20, tzinfo=UTC)
    with mock.patch("lake.ingestion.ingest.datetime") as clock:
        clock.now.side_effect = moment.astimezone
        with pytest.raises(RawFileError, match="is from the future"):
            ingest(lambda: DuckEngine("UTC"), source, tmp_path / "raw", table, time_zone="UTC")
        zone = "Asia/Kamchatka"
        done = ingest(lambda: DuckEngine(zone), source, tmp_path / "raw", table, time_zone=zone)
    assert done.manifest.coverage.end == date(2026, 1, 1) + timedelta(days=69)


def test_a_misdeclared_separator_is_refused_with_the_line_as_proof(ingest_source: Take, tmp_path: Path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "notes.csv").write_bytes(HEAD.replace(b",", b";"))
    with pytest.raises(RawFileError, match=r"separated by semicolons .«user_id;at;note;n».*declare the dialect"):
        ingest_source(NOTES, tmp_path / "raw", tmp_path / "lake")

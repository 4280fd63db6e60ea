"""Erased people leave raw files, tables and staged rows; every other byte of a text file stays."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake import Column, Dialect, Identity, Source, Table, ingest
from lake.erasure import raw_files
from lake.erasure.folders import REPLACED, erase_folder, recover_replaced
from lake.erasure.people import PERSON, TEXT, ErasedPeople, identifier_kinds
from lake.erasure.raw_files import erase_raw_file
from lake.erasure.tables import erase_from_table
from stack.engines.duckdb_engine import DuckEngine
from stack.folders.checked_folder import check, seal

COLUMNS = (Column("user_id", "string", "who"), Column("note", "string", "text", nullable=True),
           Column("day", "date", "when"))  # fmt: skip
EVENTS = Source(
    name="events", files="events*", entity="user_id", event_time="day", columns=COLUMNS, max_quarantined=0.9
)


def erased(*people: str, entity: str = "user_id", **anonymous: str) -> ErasedPeople:
    """People of the salt `s`; anonymous ids by their kind, with two underscores for a dot."""
    identifiers = [f"{PERSON}:{person}" for person in people]
    identifiers += [f"{kind.replace('__', '.')}:{value}" for kind, value in anonymous.items()]
    hashes = {hashlib.sha256(f"s:{text}".encode()).hexdigest() for text in identifiers}
    return ErasedPeople(entity, "s", frozenset(hashes))


def source(form: str, dialect: Dialect | None = None) -> Source:
    return Source(
        name="events", files="events*", entity="user_id", event_time="day", columns=COLUMNS, format=form,  # type: ignore[arg-type]
        dialect=dialect,
    )  # fmt: skip


CSV = 'user_id,note,day\r\nann,"two\nlines, ann",2026-01-01\r\nbob,"a ""quote""",2026-01-02\r\n\r\nann,x,2026-01-03\r\n'
CSV_REST = 'user_id,note,day\r\nbob,"a ""quote""",2026-01-02\r\n\r\n'


@pytest.mark.parametrize("name", ["events.csv", "events.csv.gz"])
def test_a_csv_file_keeps_every_other_byte(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CSV.encode()) if name.endswith(".gz") else CSV.encode())
    assert erase_raw_file(path, source("csv"), erased("ann", "cid")) == 2
    content = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    assert content.decode() == CSV_REST
    before = path.stat()
    assert erase_raw_file(path, source("csv"), erased("ann")) == 0
    assert path.stat().st_mtime_ns == before.st_mtime_ns, "a file without the person is not written"
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("block_bytes", [3, 1 << 20])
def test_a_file_is_parsed_only_if_it_contains_an_identifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(raw_files, "BLOCK_BYTES", block_bytes)
    path = tmp_path / "events.csv"
    path.write_text("user_id,note,day\nbob,x,2026-01-01\nann,x,2026-01-01\n")
    assert erase_raw_file(path, source("csv"), erased("ann"), words={"zoe"}) == 0
    assert erase_raw_file(path, source("csv"), erased("ann"), words={"zoe", "ann"}) == 1


def test_a_file_in_utf_16_is_cut_by_its_own_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(CSV.encode("utf-16"))
    assert erase_raw_file(path, source("csv", Dialect(encoding="utf-16")), erased("ann")) == 2
    assert path.read_bytes().decode("utf-16") == CSV_REST


def test_a_damaged_row_with_the_person_as_a_word_leaves(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("user_id,note,day\nann;x\nannabel;x\nbob,x,2026-01-01\n")
    assert erase_raw_file(path, source("csv"), erased("ann")) == 1
    assert path.read_text() == "user_id,note,day\nannabel;x\nbob,x,2026-01-01\n"


def test_json_lines_and_parquet(tmp_path: Path) -> None:
    lines = tmp_path / "events.jsonl"
    lines.write_text(
        '{"user_id":"ann","note":"x","day":"2026-01-01"}\n{"user_id":"bob","note":"ann","day":"2026-01-02"}\n'
    )
    assert erase_raw_file(lines, source("jsonl"), erased("ann")) == 1
    assert lines.read_text() == '{"user_id":"bob","note":"ann","day":"2026-01-02"}\n'
    parquet = tmp_path / "events.parquet"
    pq.write_table(pa.table({"user_id": ["ann", "bob"], "note": ["x", "y"], "day": ["2026-01-01"] * 2}), parquet)
    assert erase_raw_file(parquet, source("parquet"), erased("ann")) == 1
    assert pq.read_table(parquet)["user_id"].to_pylist() == ["bob"]


def test_a_row_of_an_anonymous_id_leaves_unless_it_names_somebody_else() -> None:
    links = Source(
        name="links", files="links*", entity="user_id", event_time="day",
        columns=(*COLUMNS, Column("device", "string", "which")),
    )  # fmt: skip
    identity = Identity(links, "true", link_id="device", id="device_id", own="profile")
    columns = (Column("device_id", "string", "which"), Column("profile", "string", "who", nullable=True), COLUMNS[2])
    visits = Source(name="visits", files="v*", entity="user_id", event_time="day", identity=identity, columns=columns)
    kinds = identifier_kinds(visits, "user_id")
    assert kinds == {"device_id": "links.device", "profile": PERSON}
    rows = pa.table({"device_id": ["d", "d", "d", "e", "e"], "profile": [None, "", "bob", "ann", None]})
    assert erased("ann", links__device="d").mask(rows, kinds).to_pylist() == [True, True, False, True, False]
    assert identifier_kinds(visits, "title_id") == {}


def test_ingest_leaves_an_erased_person_out_and_counts_the_others(tmp_path: Path) -> None:
    raw, table = tmp_path / "raw", Table(tmp_path / "lake", "p", "events")
    raw.mkdir()
    (raw / "events.csv").write_text(CSV + "ann,x,never\nbob,x,never\n")
    manifest = ingest(lambda: DuckEngine("UTC"), EVENTS, raw, table, erased=erased("ann")).manifest
    assert (manifest.rows_in, manifest.rows_kept, manifest.quarantined) == (2, 1, 1)


@pytest.mark.parametrize("killed", [False, True])
def test_a_table_without_the_person_equals_one_that_never_had_it(tmp_path: Path, killed: bool) -> None:
    raw, table = tmp_path / "raw", Table(tmp_path / "lake", "p", "events")
    raw.mkdir()
    text = CSV + "ann,x,2026-02-01\ncid,y,2026-02-02\nann,x,never\ncid,x,never\n"
    (raw / "events.csv").write_text(text)
    ingest(lambda: DuckEngine("UTC"), EVENTS, raw, table)
    before, people = table.require(), erased("ann")
    if killed:  # after the batch was rewritten, before the months were
        batch = next(iter(before.files.values())).batch
        assert erase_folder(table.batch(batch), people, {"user_id": PERSON, "_raw": TEXT}) == 4
    erase_raw_file(raw / "events.csv", EVENTS, people)
    content = hashlib.sha256((raw / "events.csv").read_bytes()).hexdigest()
    removed = erase_from_table(DuckEngine("UTC"), EVENTS, table, people, {"events.csv": content})
    assert removed == (1 if killed else 5)  # the row in quarantine, and those in the batch
    other = Table(tmp_path / "other", "p", "events")
    ingest(lambda: DuckEngine("UTC"), EVENTS, raw, other)
    now, expected = table.require(), other.require()
    assert (now.start, now.end) == (before.start, before.end)
    assert [(file.rows_in, file.quarantined, file.months) for file in now.files.values()] == [
        (file.rows_in, file.quarantined, file.months) for file in expected.files.values()
    ]
    assert sorted(table.checksums(), key=repr) == sorted(other.checksums(), key=repr)
    assert now.digest != before.digest
    stored = [str(pq.read_table(path).to_pylist()) for path in (tmp_path / "lake").rglob("*.parquet")]
    assert stored
    assert not any("'ann'" in content or "ann," in content for content in stored)
    assert ingest(lambda: DuckEngine("UTC"), EVENTS, raw, table).taken == 0, "the rewritten file is known"


def test_a_killed_replacement_is_completed(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    pq.write_table(pa.table({"user_id": ["ann", "bob"]}), folder / "a.parquet")
    seal(folder)
    folder.rename(folder.with_name(f"rows{REPLACED}"))
    recover_replaced([tmp_path])
    assert erase_folder(folder, erased("ann"), {"user_id": PERSON}) == 1
    assert check(folder, "x").rows == 1
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]


class Killed(BaseException):
    """Stands for the end of the process at a replacement of a file or folder."""


@pytest.mark.slow
def test_an_erasure_that_ends_at_any_replacement_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, ends = erased("ann"), 0
    while True:
        place = tmp_path / str(ends)
        raw, table = place / "raw", Table(place / "lake", "p", "events")
        raw.mkdir(parents=True)
        (raw / "events.csv").write_text(CSV + "ann,x,2026-02-01\ncid,y,2026-02-02\nann,x,never\ncid,x,never\n")
        ingest(lambda: DuckEngine("UTC"), EVENTS, raw, table)
        with monkeypatch.context() as patched:
            kill_at(patched, ends)
            try:
                erase_all(raw, table, people)
                break
            except Killed:
                ends += 1
        recover_replaced([place / "lake"])
        erase_all(raw, table, people)
        assert mentions(place) == []
        other = Table(place / "other", "p", "events")
        ingest(lambda: DuckEngine("UTC"), EVENTS, raw, other)
        assert sorted(table.checksums(), key=repr) == sorted(other.checksums(), key=repr)
        assert all(check(folder, "x") for folder in table.folders())
    assert ends > 8


def kill_at(patched: pytest.MonkeyPatch, number: int) -> None:
    """End at a rename: before it if the number is even, else after it."""
    counter = iter(range(1000))
    for name in ("rename", "replace"):
        original = getattr(Path, name)

        def counted(path: Path, target: Path, original: Callable[..., Path] = original) -> Path:
            is_last = next(counter) == number // 2
            if is_last and number % 2 == 0:
                raise Killed
            result = original(path, target)
            if is_last:
                raise Killed
            return result

        patched.setattr(Path, name, counted)


def erase_all(raw: Path, table: Table, people: ErasedPeople) -> None:
    """A raw file and its table, as `forget` does it."""
    erase_raw_file(raw / "events.csv", EVENTS, people)
    content = hashlib.sha256((raw / "events.csv").read_bytes()).hexdigest()
    erase_from_table(DuckEngine("UTC"), EVENTS, table, people, {"events.csv": content})


def mentions(folder: Path) -> list[str]:
    """The files that have the person."""
    texts = {path: str(pq.read_table(path).to_pylist()) for path in folder.rglob("*.parquet")}
    texts |= {path: path.read_text() for path in folder.rglob("*.csv")}
    return [str(path) for path, text in texts.items() if "'ann'" in text or "ann," in text]

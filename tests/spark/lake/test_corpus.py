"""A corpus of broken exports of the cinema: what each file becomes. docs/broken-files.md is the same in words."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from features import Engine
from lake import Ingested, Source, Table, count_anomalies, ingest
from lake.ingestion.raw_files import RawFileError
from stack.errors import PrichalError
from stack.settings import ROOT
from tests.spark.lake.corpus import page
from tests.spark.lake.corpus.exports import BATCH, FILES, header, put, row, text
from tests.spark.lake.corpus.rows import DUPLICATE, KEPT, NO_ROW, PLAYS, TEXTS, turned, write
from tests.spark.lake.corpus.stops import STOPS, Stop
from tests.spark.lake.shop import rows_of, sentence

TODAY = date(2026, 3, 10)
LINES = [(source, line) for source, lines in TEXTS.items() for line in lines]
Take = Callable[[Source, Path, Path], Ingested]


@pytest.fixture(scope="module")
def ingest_source(engine: Engine) -> Take:
    def taken(source: Source, raw: Path, lake: Path) -> Ingested:
        return ingest(lambda: engine, source, raw, Table(lake, "churn", source.name), today=TODAY)

    return taken


@pytest.fixture(scope="module")
def lake(ingest_source: Take, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All lines of the corpus, taken."""
    raw, lake = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("lake")
    write(raw)
    for source, _, _ in FILES.values():
        ingest_source(replace(source, max_quarantined=0.95), raw, lake)
    return lake


@pytest.fixture(scope="module")
def aside(lake: Path) -> dict[tuple[str, str], str]:
    """(source, position) -> reason, of everything put aside."""
    result = {}
    for source in FILES:
        folders = Table(lake, "churn", source).quarantine.iterdir()
        for item in rows_of(folders):
            assert item["file"] == f"{BATCH}/{FILES[source][1]}"
            result[source, item["position"]] = item["reason"]
    return result


@pytest.mark.parametrize("case", STOPS, ids=[case.what for case in STOPS])
def test_a_file_that_stops_the_step(case: Stop, ingest_source: Take, tmp_path: Path):
    raw, source = tmp_path / "raw", FILES[case.source][0]
    raw.mkdir()
    case.make(raw)
    table = Table(tmp_path / "lake", "churn", source.name)

    def unread() -> Engine:
        pytest.fail("an engine was started")

    with pytest.raises(PrichalError, match=case.message) as caught:
        ingest_source(source, raw, tmp_path / "lake") if case.reads else ingest(unread, source, raw, table, today=TODAY)
    sentence(caught.value)
    assert table.manifest() is None


@pytest.mark.parametrize(("source", "line"), LINES, ids=[f"{source}: {line.what}" for source, line in LINES])
def test_a_line_becomes_what_it_must(source: str, line, aside: dict[tuple[str, str], str]):  # type: ignore[no-untyped-def]
    place = TEXTS[source].index(line) + (1 if source == "catalogue" else 2)
    reason = aside.get((source, f"line {place}"))
    if line.becomes in {KEPT, DUPLICATE, NO_ROW}:
        assert reason is None
    else:
        assert reason is not None, "it was not put aside"
        assert reason.startswith(line.becomes)


@pytest.mark.parametrize("place", range(len(PLAYS)), ids=[what for what, _, _ in PLAYS])
def test_a_row_of_parquet_becomes_what_it_must(place: int, aside: dict[tuple[str, str], str]):
    becomes, reason = PLAYS[place][1], aside.get(("viewing", f"row {place + 1}"))
    assert (reason is None) if becomes == KEPT else (reason is not None and reason.startswith(becomes))


@pytest.mark.parametrize("source", FILES)
def test_nothing_disappears(source: str, lake: Path):
    outcomes = [item for _, item, _ in PLAYS] if source == "viewing" else [line.becomes for line in TEXTS[source]]
    manifest = Table(lake, "churn", source).require()
    assert manifest.rows_in == len(outcomes) - outcomes.count(NO_ROW)
    assert (manifest.rows_kept, manifest.duplicates) == (outcomes.count(KEPT), outcomes.count(DUPLICATE))
    assert manifest.rows_in == manifest.rows_kept + manifest.duplicates + manifest.quarantined


def test_values_are_what_the_files_say(lake: Path):
    columns = "event_id, unix_seconds(happened_at) as at, user_id, watched_s"
    (play,) = rows_of(Table(lake, "churn", "viewing").folders(), columns)
    assert tuple(play.values()) == (str(2**64 - 1), 1_770_400_000, "u0000001", 2400)
    urls = {item["watch_id"]: item["url"] for item in rows_of(Table(lake, "churn", "hits").folders())}
    assert urls["2"] == "https://kino.example/search?q=a\tb"
    assert "17446744073709551615" in urls
    titles = {item["title"]: item["genres"] for item in rows_of(Table(lake, "churn", "catalogue").folders())}
    assert titles == {"The Pier": '["drama"]', "Причал": '["drama"]'}


def test_an_event_before_sign_up_is_kept_and_counted(lake: Path, engine: Engine, ingest_source: Take, tmp_path: Path):
    put(tmp_path, "profiles", text(header("profiles"), row("profiles")))
    put(
        tmp_path,
        "payments",
        text(
            header("payments"),
            row("payments"),
            row("payments", payment_id="p2", attempted_at="2026-01-20T12:00:00+03:00"),
        ),
    )
    for source in ("profiles", "payments"):
        ingest_source(FILES[source][0], tmp_path, tmp_path / "lake")
    tables = {source: Table(tmp_path / "lake", "churn", source) for source in ("profiles", "payments")}
    assert count_anomalies(engine, tables, FILES["payments"][0]) == {"before sign-up": 1}


def test_whole_files_that_are_odd_and_sound(ingest_source: Take, tmp_path: Path):
    """BOM, CRLF, other order and more columns, no line end, packed or not: one batch each, all rows kept."""
    raw, sound = tmp_path / "raw", [header("payments")]
    put(raw, "payments", b"\xef\xbb\xbf" + text(*sound, row("payments", payment_id="b1")), batch="2026-03-01")
    put(raw, "payments", text(*sound, row("payments", payment_id="c1"), end="\r\n"), batch="2026-03-02")
    put(raw, "payments", turned(), batch="2026-03-03")
    put(raw, "payments", text(*sound, row("payments", payment_id="n1"))[:-1], batch="2026-03-04")
    put(raw, "payments", text(*sound, row("payments", payment_id="g1")), batch="2026-03-05", packed=True)
    put(raw, "payments", text(*sound), batch="2026-03-06")
    done = ingest_source(FILES["payments"][0], raw, tmp_path / "lake")
    rows = rows_of(Table(tmp_path / "lake", "churn", "payments").folders())
    assert {item["payment_id"]: item["amount"] for item in rows} == dict.fromkeys(("b1", "c1", "t1", "n1", "g1"), 399.0)
    assert (done.manifest.rows_in, done.manifest.quarantined, done.taken) == (5, 0, 6)
    assert done.manifest.coverage.end == date(2026, 3, 6)


def test_the_same_batch_twice_and_a_corrected_one(ingest_source: Take, tmp_path: Path):
    raw, lake, source = tmp_path / "raw", tmp_path / "lake", FILES["payments"][0]
    two = text(header("payments"), row("payments"), row("payments", payment_id="p2"))
    put(raw, "payments", two)
    assert ingest_source(source, raw, lake).taken == 1
    assert ingest_source(source, raw, lake).taken == 0
    put(raw, "payments", two, batch="2026-03-02")  # the same again under another day
    copied = ingest_source(source, raw, lake)
    assert (copied.taken, copied.manifest.rows_kept, copied.manifest.duplicates) == (1, 2, 2)

    # Corrected: p2 moves to January and is dearer, p1 is gone from both.
    corrected = row("payments", payment_id="p2", attempted_at="2026-01-31T12:00:00+03:00", amount="499")
    for batch in (BATCH, "2026-03-02"):
        put(raw, "payments", text(header("payments"), corrected), batch=batch)
    done = ingest_source(source, raw, lake)
    (left,) = rows_of(Table(lake, "churn", "payments").folders())
    assert (done.taken, left["payment_id"], left["amount"]) == (2, "p2", 499.0)
    assert sorted(done.manifest.months) == ["2026-01"]


def test_a_key_that_moves_to_another_month_is_not_counted_twice(ingest_source: Take, tmp_path: Path):
    raw, lake, source = tmp_path / "raw", tmp_path / "lake", FILES["payments"][0]
    put(raw, "payments", text(header("payments"), row("payments"), row("payments", payment_id="p9")))
    ingest_source(source, raw, lake)
    moved = row("payments", attempted_at="2026-01-31T12:00:00+03:00")
    put(raw, "payments", text(header("payments"), moved), batch="2026-03-02")
    done = ingest_source(source, raw, lake)
    rows = rows_of(Table(lake, "churn", "payments").folders(), "payment_id, month(attempted_at) as month")
    assert [tuple(row.values()) for row in rows] == [("p1", 1), ("p9", 2)]
    assert (done.manifest.rows_kept, done.manifest.duplicates) == (2, 1)


def test_a_batch_that_is_archived_keeps_its_rows(ingest_source: Take, tmp_path: Path):
    raw, lake, source = tmp_path / "raw", tmp_path / "lake", FILES["payments"][0]
    old = put(raw, "payments", text(header("payments"), row("payments")))
    ingest_source(source, raw, lake)
    put(raw, "payments", text(header("payments"), row("payments", payment_id="p2")), batch="2026-03-02")
    old.unlink()
    assert ingest_source(source, raw, lake).manifest.rows_kept == 2


def test_another_declaration_needs_every_batch_again(ingest_source: Take, tmp_path: Path):
    raw, lake, source = tmp_path / "raw", tmp_path / "lake", FILES["payments"][0]
    old = put(raw, "payments", text(header("payments"), row("payments")))
    put(raw, "payments", text(header("payments"), row("payments", payment_id="p2")), batch="2026-03-02")
    before = ingest_source(source, raw, lake).manifest
    archived, other = tmp_path / "archived.csv", replace(source, earliest=date(2019, 1, 1))
    old.rename(archived)
    with pytest.raises(RawFileError, match=r"declaration .* changed.*\(first: 2026-03-01/pay") as caught:
        ingest_source(other, raw, lake)
    sentence(caught.value)
    assert Table(lake, "churn", "payments").require() == before
    archived.rename(old)
    assert ingest_source(other, raw, lake).manifest.rows_kept == 2


def test_a_byte_order_mark_in_an_archive(ingest_source: Take, tmp_path: Path):
    content = b"\xef\xbb\xbf" + text(header("payments"), row("payments"))
    put(tmp_path / "raw", "payments", content, packed=True)
    manifest = ingest_source(FILES["payments"][0], tmp_path / "raw", tmp_path / "lake").manifest
    assert (manifest.rows_in, manifest.rows_kept, manifest.quarantined) == (1, 1, 0)


def test_a_file_that_changes_while_it_is_read(ingest_source: Take, engine: Engine, tmp_path: Path):
    raw, source = tmp_path / "raw", FILES["payments"][0]
    path = put(raw, "payments", text(header("payments"), row("payments")))

    def meanwhile() -> Engine:
        with path.open("ab") as file:
            file.write(text(row("payments", payment_id="p2")))
        os.utime(path, (1, 1))
        return engine

    table = Table(tmp_path / "lake", "churn", "payments")
    with pytest.raises(RawFileError, match=r"payments\.csv changed while it was read: nothing was taken") as caught:
        ingest(meanwhile, source, raw, table, today=TODAY)
    sentence(caught.value)
    assert table.manifest() is None


def test_one_content_twice_where_rows_have_no_key(ingest_source: Take, tmp_path: Path):
    raw, source = tmp_path / "raw", replace(FILES["payments"][0], key=None)
    for batch in (BATCH, "2026-03-02"):
        put(raw, "payments", text(header("payments"), row("payments")), batch=batch)
    with pytest.raises(RawFileError, match=r"holds the very bytes of 2026-03-01/payments\.csv") as caught:
        ingest_source(source, raw, tmp_path / "lake")
    sentence(caught.value)


def test_the_page_says_what_the_corpus_holds():
    assert (ROOT / "docs" / "broken-files.md").read_text() == page.render()

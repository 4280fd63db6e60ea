"""Raw files become a table, all of it or nothing, and nothing is done twice."""

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features import DuckEngine, Engine
from lake import Column, Coverage, Ingested, Source, Table, ingest
from lake.ingestion import batches, months
from lake.ingestion.batches import QuarantineError
from stack.errors import PrichalError
from stack.folders.atomic import publish_directory, replace_text
from tests.spark.lake.shop import HEADER, ORDERS, line, rows_of, sentence, write
from tests.unit.builders import dead_owner

Take = Callable[[Source, Path, Path], Ingested]


def never() -> Engine:
    pytest.fail("an engine was started")


def users(lake: Path) -> list[int]:
    return sorted(row["user_id"] for row in rows_of(Table(lake, "shop", "orders").folders()))


def contents(folder: Path) -> list[tuple[str, int]]:
    """Every file but checksums: its path without Spark's random names, and its size."""
    return sorted(
        (re.sub(r"part-(\d+)-.*", r"part-\1", str(path.relative_to(folder))), path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".crc")
    )


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz"])
@pytest.mark.on_spark_too
def test_rows_in_are_rows_kept_duplicates_and_quarantined(name: str, ingest_source: Take, tmp_path: Path):
    raw = write(tmp_path / "raw", line(1), line(2), line(2), line(3), line(4, day="soon"), name=name)
    done = ingest_source(replace(ORDERS, key=("user_id", "day")), raw, tmp_path / "lake")
    manifest = done.manifest
    assert done.taken
    assert (manifest.rows_in, manifest.rows_kept, manifest.duplicates, manifest.quarantined) == (5, 3, 1, 1)
    assert users(tmp_path / "lake") == [1, 2, 3]
    assert manifest.coverage == Coverage(date(1997, 1, 1), date(1997, 1, 4))
    assert list(manifest.files) == [name]


def test_without_a_key_equal_rows_are_events_of_their_own(ingest_source: Take, tmp_path: Path):
    done = ingest_source(ORDERS, write(tmp_path / "raw", line(1), line(1)), tmp_path / "lake")
    assert (done.manifest.rows_kept, done.manifest.duplicates) == (2, 0)
    assert users(tmp_path / "lake") == [1, 1]


@pytest.mark.on_spark_too
def test_of_rows_with_one_key_that_of_the_newest_batch_counts(ingest_source: Take, tmp_path: Path):
    daily = replace(ORDERS, files="*/orders.csv", key=("user_id",))
    for batch, price, day in (("1997-02-01", 5.0, "1997-01-31"), ("1997-02-03", 7.0, "1997-02-02")):
        write(tmp_path / "raw" / batch, line(1, price=price, day=day), line(2))
    done = ingest_source(daily, tmp_path / "raw", tmp_path / "lake")
    rows = rows_of(Table(tmp_path / "lake", "shop", "orders").folders())
    assert [(row["user_id"], row["price"], str(row["day"])) for row in rows] == [
        (1, 7.0, "1997-02-02"),
        (2, 2.5, "1997-01-02"),
    ]
    assert (done.manifest.duplicates, done.manifest.quarantined) == (2, 0)
    assert done.manifest.coverage.end == date(1997, 2, 3)


@pytest.mark.on_spark_too
def test_rows_of_one_batch_that_contradict_each_other_are_put_aside(ingest_source: Take, tmp_path: Path):
    raw = write(tmp_path / "raw", line(1, price=5), line(2), line(1, price=7), line(2))
    done = ingest_source(replace(ORDERS, key=("user_id", "day")), raw, tmp_path / "lake")
    manifest, table = done.manifest, Table(tmp_path / "lake", "shop", "orders")
    assert (manifest.rows_in, manifest.rows_kept, manifest.duplicates, manifest.quarantined) == (4, 1, 1, 2)
    (aside,) = table.quarantine.iterdir()
    rows = rows_of([aside])
    assert [(row["file"], row["position"]) for row in rows] == [("orders.csv", "line 2"), ("orders.csv", "line 4")]
    assert {row["reason"] for row in rows} == {"contradicts another row of its batch with the same user_id, day"}


def test_a_text_in_another_column_contradicts(ingest_source: Take, tmp_path: Path):
    """Spark's hash of several values passes over nulls."""
    columns = (*ORDERS.columns, Column("tag", "string", "a word", nullable=True))
    source = replace(ORDERS, key=("user_id", "day"), columns=columns, max_quarantined=0.9)
    lines = ("1,1997-01-01,,1.5,x,", "1,1997-01-01,,1.5,,x", "2,1997-01-01,,1.5,x,")
    raw = write(tmp_path / "raw", *lines, header=f"{HEADER},tag")
    manifest = ingest_source(source, raw, tmp_path / "lake").manifest
    assert (manifest.rows_kept, manifest.duplicates, manifest.quarantined) == (1, 0, 2)


def test_columns_are_found_by_name_in_every_file(ingest_source: Take, tmp_path: Path):
    raw = write(tmp_path / "raw", line(1), line(2))
    turned = "note,colour,price,user_id,seen,day"
    write(raw, "y,red,3.5,3,,1997-01-03", name="orders_2.csv", header=turned)
    write(
        raw,
        '"y","red","4.5","4","","1997-01-04"',
        name="orders_3.csv.gz",
        header='"' + turned.replace(",", '","') + '"',
    )
    done = ingest_source(ORDERS, raw, tmp_path / "lake")
    rows = rows_of(Table(tmp_path / "lake", "shop", "orders").folders())
    assert [(row["user_id"], str(row["day"]), row["price"], row["note"]) for row in rows] == [
        (1, "1997-01-01", 1.5, "x"),
        (2, "1997-01-02", 2.5, "x"),
        (3, "1997-01-03", 3.5, "y"),
        (4, "1997-01-04", 4.5, "y"),
    ]
    assert done.manifest.quarantined == 0


@pytest.mark.on_spark_too
def test_the_same_files_are_not_taken_twice_and_a_changed_one_replaces_the_table(ingest_source: Take, tmp_path: Path):
    lake, raw = tmp_path / "lake", write(tmp_path / "raw", line(1), line(2))
    table = Table(lake, "shop", "orders")
    first = ingest_source(ORDERS, raw, lake)
    repeated = ingest(never, ORDERS, raw, table)
    assert (repeated.taken, repeated.manifest) == (0, first.manifest)

    write(raw, line(1), line(2), line(3))
    changed = ingest_source(ORDERS, raw, lake)
    assert changed.taken
    assert users(lake) == [1, 2, 3]
    assert [path.name for path in table.folder.glob("months/*/*")] == [changed.manifest.months["1997-01"].digest]
    assert len(list(table.folder.glob("staged/*"))) == 1
    # Another declaration reads the files anew.
    assert ingest_source(replace(ORDERS, key=("user_id",)), raw, lake).taken


@pytest.mark.on_spark_too
def test_what_a_killed_run_left_does_not_matter(ingest_source: Take, tmp_path: Path):
    lake, raw = tmp_path / "lake", write(tmp_path / "raw", line(1), line(2))
    table = Table(lake, "shop", "orders")
    ingest_source(ORDERS, raw, lake)
    before = contents(table.folder)
    # Killed after the folders were complete and before they were made current, beside others killed while they wrote.
    (table.folder / "current.json").unlink()
    (month,) = table.folder.glob("months/*/*")
    killed = dead_owner()
    for left in (f"months-made.{killed}.partial/event_month=1997-01", f"batch-made.{killed}.partial", "staged/abc"):
        shutil.copytree(month, table.folder / left)
    shutil.copytree(month, table.folder / "months" / "1997-02" / month.name)

    assert ingest_source(ORDERS, raw, lake).taken
    assert users(lake) == [1, 2]
    assert contents(table.folder) == before


class Killed(BaseException):
    """Not even `except Exception` sees it."""


DAILY = replace(ORDERS, files="*/orders.csv", key=("user_id",), earliest=date(1997, 1, 1))


def second_batch(raw: Path) -> None:
    write(raw / "1997-03-02", line(2), line(4, day="1997-02-04"))


@pytest.fixture(scope="module")
def lakes(ingest_source: Take, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `raw`, and two lakes: `one` has taken the first batch, `both` the second too, undisturbed."""
    folder = tmp_path_factory.mktemp("killed")
    write(folder / "raw" / "1997-03-01", line(1), line(2), line(9, day="soon"), line(3, day="1997-02-03"))
    ingest_source(DAILY, folder / "raw", folder / "one")
    shutil.copytree(folder / "one", folder / "both")
    second_batch(folder / "raw")
    ingest_source(DAILY, folder / "raw", folder / "both")
    return folder


@pytest.mark.parametrize(
    "place", [pytest.param(0, marks=pytest.mark.slow), 1, pytest.param(2, marks=pytest.mark.slow), 3]
)
def test_killed_at_any_step_and_run_again_is_the_same_lake(
    place: int, lakes: Path, ingest_source: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The steps are: batch complete, first month complete, second month complete, manifest written."""
    lake, steps = tmp_path / "lake", iter(range(100))
    shutil.copytree(lakes / "one", lake)

    def dying(act: Callable[..., None]) -> Callable[..., None]:
        def done(*arguments: Any) -> None:
            if next(steps) == place:
                raise Killed
            act(*arguments)

        return done

    for module in (batches, months):
        monkeypatch.setattr(module, "publish_directory", dying(publish_directory))
    monkeypatch.setattr("lake.table.replace_text", dying(replace_text))
    with pytest.raises(Killed):
        ingest_source(DAILY, lakes / "raw", lake)
    monkeypatch.undo()
    ingest_source(DAILY, lakes / "raw", lake)
    assert contents(lake) == contents(lakes / "both")
    manifest = Table(lake, "shop", "orders").require()
    assert (manifest.rows_in, manifest.rows_kept, manifest.duplicates, manifest.quarantined) == (6, 4, 1, 1)


@pytest.mark.on_spark_too
def test_above_the_allowed_share_the_old_table_stays_and_the_rows_are_put_aside(ingest_source: Take, tmp_path: Path):
    lake, source = tmp_path / "lake", replace(ORDERS, max_quarantined=0.25)
    raw = write(tmp_path / "raw", line(1), line(2), line(3), line(4, day="soon"))
    before = ingest_source(source, raw, lake).manifest
    assert before.quarantined == 1

    write(raw, line(1), line(5), line(6), line(4, day="soon"), line(7, price=""))
    with pytest.raises(
        QuarantineError, match=r"orders: 2 of 5 rows \(40\.0%\) cannot be used, at most 25\.0%"
    ) as caught:
        ingest_source(source, raw, lake)
    table = Table(lake, "shop", "orders")
    assert table.require() == before
    assert users(lake) == [1, 2, 3]
    (aside,) = (path for path in table.quarantine.iterdir() if path.name in sentence(caught.value))
    reasons = {row["reason"] for row in rows_of([aside])}
    assert reasons == {"day: not a date: soon", "price: empty"}


def test_a_file_of_unusable_rows_only_is_refused_whatever_the_share(ingest_source: Take, tmp_path: Path):
    raw = write(tmp_path / "raw", line(1, day="soon"))
    with pytest.raises(QuarantineError, match="1 of 1 rows") as caught:
        ingest_source(replace(ORDERS, max_quarantined=1), raw, tmp_path / "lake")
    sentence(caught.value)
    assert Table(tmp_path / "lake", "shop", "orders").manifest() is None


@pytest.mark.parametrize("day", ["0000-01-01", "9999-12-31"])
def test_a_date_at_either_end_of_the_calendar_is_taken_or_told(day: str, ingest_source: Take, tmp_path: Path):
    raw = write(tmp_path / "raw", line(1), line(2, day=day), line(3))
    with suppress(PrichalError):
        assert ingest_source(ORDERS, raw, tmp_path / "lake").manifest.rows_in == 3


@pytest.mark.on_spark_too
def test_a_moment_belongs_to_its_day_in_the_projects_time_zone(engine: Engine, in_zone: Callable, tmp_path: Path):  # type: ignore[type-arg]
    raw = write(tmp_path / "raw", line(1, seen="1997-01-05T20:00:00Z"), line(2, seen="1997-01-06 23:59:59"))
    columns = tuple(replace(column, nullable=False) for column in ORDERS.columns)
    with in_zone("Asia/Kolkata"):
        runner = engine if engine.name == "spark" else DuckEngine("Asia/Kolkata")
        source, table = replace(ORDERS, event_time="seen", columns=columns), Table(tmp_path, "shop", "orders")
        done = ingest(lambda: runner, source, raw, table, time_zone="Asia/Kolkata")
    assert done.manifest.coverage == Coverage(date(1997, 1, 6), date(1997, 1, 7))

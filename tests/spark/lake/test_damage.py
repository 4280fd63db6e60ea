"""Files of the lake that are lost or cut: readers are told what repairs them, and an ingest repairs what it can."""

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyarrow import parquet

from lake import Ingested, Source, Table, ingest
from lake.ingestion.raw_files import RawFileError
from lake.table import BrokenManifestError
from stack.folders.checked_folder import RECORD, BrokenFolderError
from tests.spark.lake.shop import HEADER, ORDERS, line, rows_of, sentence, write

Take = Callable[[Source, Path, Path], Ingested]
DAILY = replace(ORDERS, files="*/orders.csv", key=("user_id", "day"))


@pytest.fixture(scope="module")
def original(ingest_source: Take, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder with one batch, and the lake made of it."""
    folder = tmp_path_factory.mktemp("shop")
    write(folder / "raw" / "1997-02-01", *map(line, range(1, 11)))
    ingest_source(DAILY, folder / "raw", folder / "lake")
    return folder


@pytest.fixture
def shop(original: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    shutil.copytree(original, tmp_path / "shop")
    return tmp_path / "shop"


def table(shop: Path) -> Table:
    return Table(shop / "lake", "shop", "orders")


def split(folder: Path) -> None:
    """Three rows are left of a folder, in valid files."""
    first, *others = sorted(folder.glob("*.parquet"))
    for file in others:
        file.unlink()
    parquet.write_table(parquet.read_table(first, partitioning=None).slice(0, 3), first)


def unseal(shop: Path) -> None:
    """As the release before left the lake."""
    for record in shop.rglob(RECORD):
        record.unlink()


def month(shop: Path) -> Path:
    return next((shop / "lake").glob("shop/tables/orders/months/*/*"))


def batch(shop: Path) -> Path:
    return next((shop / "lake").glob("shop/tables/orders/staged/*"))


ATTACKS: dict[str, Callable[[Path], object]] = {
    "a month cut": lambda shop: split(month(shop)),
    "both gone": lambda shop: (shutil.rmtree(month(shop)), shutil.rmtree(batch(shop))),
    "a month of an earlier release cut": lambda shop: (unseal(shop), split(month(shop))),
    "a batch of an earlier release cut": lambda shop: (unseal(shop), split(batch(shop))),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_ingest_makes_anew_what_is_broken(
    attack: str, shop: Path, ingest_source: Take, caplog: pytest.LogCaptureFixture
):
    before = table(shop).require()
    ATTACKS[attack](shop)
    if "batch" not in attack:
        with pytest.raises(BrokenFolderError, match="run `-e ingest -P project=shop`") as caught:
            table(shop).folders()
        sentence(caught.value)
    with caplog.at_level(logging.WARNING, logger="prichal"):
        done = ingest_source(DAILY, shop / "raw", shop / "lake")
    assert len(caplog.messages) == (2 if attack == "both gone" else 1)
    assert done.manifest.months == before.months
    assert sorted(row["user_id"] for row in rows_of(table(shop).folders())) == list(range(1, 11))
    assert ingest_source(DAILY, shop / "raw", shop / "lake").taken == 0


def test_a_broken_batch_whose_raw_files_are_archived_is_told(shop: Path, ingest_source: Take):
    split(batch(shop))
    shutil.rmtree(shop / "raw" / "1997-02-01")
    write(shop / "raw" / "1997-02-02", line(11))
    with pytest.raises(RawFileError, match=r"1997-02-01/orders\.csv are broken .* bring them back") as caught:
        ingest_source(DAILY, shop / "raw", shop / "lake")
    sentence(caught.value)


def test_a_lake_of_an_earlier_release_is_sealed_and_goes_on(shop: Path):
    unseal(shop)
    done = ingest(lambda: pytest.fail("an engine was started"), DAILY, shop / "raw", table(shop))
    assert done.taken == 0
    assert len(rows_of(table(shop).folders())) == 10
    assert (month(shop) / RECORD).exists()
    assert (batch(shop) / RECORD).exists()


@pytest.mark.parametrize("left", [0, 300], ids=["empty", "split"])
def test_a_broken_manifest_is_told(left: int, shop: Path, ingest_source: Take):
    os.truncate(table(shop).folder / "current.json", left)
    for act in (lambda: table(shop).folders(), lambda: ingest_source(DAILY, shop / "raw", shop / "lake")):
        with pytest.raises(BrokenManifestError, match=r"current\.json is cut .* remove it and run") as caught:
            act()
        sentence(caught.value)
    (table(shop).folder / "current.json").unlink()
    assert ingest_source(DAILY, shop / "raw", shop / "lake").manifest.rows_kept == 10


def test_keys_that_are_empty_twice_or_hold_nul_are_put_aside_and_counted(ingest_source: Take, tmp_path: Path):
    user, *others = ORDERS.columns
    texts = replace(DAILY, columns=(replace(user, type="string", lowest=None), *others))
    rows = ["a", "", "b\0c", "d", "d", "e", "e"]
    lines = [line(1, user_id=key, price=float(place == len(rows) - 1)) for place, key in enumerate(rows)]
    raw = write(tmp_path / "raw" / "1997-02-01", *lines, header=HEADER).parent
    manifest = ingest_source(texts, raw, tmp_path / "lake").manifest
    assert (manifest.rows_in, manifest.rows_kept, manifest.duplicates, manifest.quarantined) == (7, 2, 1, 4)
    aside = rows_of(table(tmp_path).quarantine.iterdir())
    reasons = sorted(row["reason"] for row in aside)
    assert reasons == [
        "contradicts another row of its batch with the same user_id, day",
        "contradicts another row of its batch with the same user_id, day",
        "user_id: empty",
        "user_id: holds a NUL character",
    ]


def test_a_key_with_nul_beside_an_escaped_sign_is_put_aside_too(ingest_source: Take, tmp_path: Path):
    """Tab-separated text spells a backslash as two: undoing that must not turn the NUL into another key's sign."""
    user, *others = ORDERS.columns
    source = replace(DAILY, format="tsv", columns=(replace(user, type="string", lowest=None), *others))
    lines = [line(1, user_id=key).replace(",", "\t") for key in ("a", r"b\\c", "b\0c" + r"\\")]
    raw = write(tmp_path / "raw" / "1997-02-01", *lines, header=HEADER.replace(",", "\t")).parent
    manifest = ingest_source(source, raw, tmp_path / "lake").manifest
    assert (manifest.rows_in, manifest.rows_kept, manifest.quarantined) == (3, 2, 1)
    assert {row["user_id"] for row in rows_of(table(tmp_path).folders())} == {"a", r"b\c"}
    aside = rows_of(table(tmp_path).quarantine.iterdir())
    assert [row["reason"] for row in aside] == ["user_id: holds a NUL character"]

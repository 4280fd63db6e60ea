"""Raw files that cannot be used are told, and those that can are read whatever they are called."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lake import Ingested, Source, Table
from lake.ingestion.raw_files import RawFileError
from tests.spark.lake.shop import HEADER, ORDERS, line, rows_of, sentence, write

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Take = Callable[[Source, Path, Path], Ingested]


def _missing_column(raw: Path) -> None:
    write(raw, "1,1997-01-01,,x", header="user_id,day,seen,note")


def _truncated(raw: Path) -> None:
    write(raw, *[line(1 + number % 28) for number in range(5000)], name="orders.csv.gz")
    packed = (raw / "orders.csv.gz").read_bytes()
    (raw / "orders.csv.gz").write_bytes(packed[: len(packed) // 2])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (lambda raw: raw.rmdir(), "does not exist"),
    "no file of that name": (lambda raw: write(raw, line(1), name="sales.csv"), "no file in .* is named like orders"),
    "a column is missing": (_missing_column, r"orders\.csv: column price is missing; it has user_id, day, seen, note"),
    "a column is there twice": (lambda raw: write(raw, line(1) + ",2", header=HEADER + ",price"), "price"),
    "an empty file": (lambda raw: (raw / "orders.csv").touch(), r"orders\.csv is empty"),
    "an empty archive": (lambda raw: (raw / "orders.csv.gz").touch(), r"orders\.csv\.gz is empty"),
    "a header and no row": (write, "Source orders: its files hold a header and no row"),
    "an archive cut in half": (_truncated, r"orders\.csv\.gz cannot be read"),
    "no archive at all": (lambda raw: (raw / "orders.csv.gz").write_text("user_id"), r"orders\.csv\.gz cannot be read"),
    "a folder called as a file": (lambda raw: (raw / "orders.csv").mkdir(), r"orders\.csv cannot be read"),
}


@pytest.mark.parametrize(("make", "expected_text"), BROKEN.values(), ids=BROKEN)
def test_files_that_cannot_be_used_are_told(
    make: Callable[[Path], object], expected_text: str, ingest_source: Take, tmp_path: Path
):
    (tmp_path / "raw").mkdir()
    make(tmp_path / "raw")
    with pytest.raises(RawFileError, match=expected_text) as caught:
        ingest_source(ORDERS, tmp_path / "raw", tmp_path / "lake")
    sentence(caught.value)
    assert Table(tmp_path / "lake", "shop", "orders").manifest() is None


@pytest.mark.parametrize("name", ["_orders.csv", "orders[1].csv", "orders {a,b} 100%.csv"])
def test_no_row_is_lost_because_of_a_files_name(name: str, ingest_source: Take, tmp_path: Path):
    raw = write(tmp_path / "raw", line(1))
    write(raw, line(2), name=name)
    done = ingest_source(replace(ORDERS, files="*.csv"), raw, tmp_path / "lake")
    assert done.manifest.rows_in == 2
    rows = rows_of(Table(tmp_path / "lake", "shop", "orders").folders())
    assert sorted(row["user_id"] for row in rows) == [1, 2]


def test_what_spark_writes_is_its_owners_alone(spark: "SparkSession", tmp_path: Path):
    spark.range(3).write.parquet(str(tmp_path / "written"))
    result = [tmp_path / "written", *(tmp_path / "written").iterdir()]
    assert {path.stat().st_mode & 0o077 for path in result} == {0}

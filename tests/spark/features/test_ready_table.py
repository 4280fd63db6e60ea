"""A ready table through the lake: what of it can be used, and the same snapshot from every format and engine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from features import (
    DuckEngine,
    Engine,
    Population,
    PrecomputedSnapshots,
    ReadyTable,
    SnapshotSpec,
    SparkEngine,
    TableFeature,
)
from lake import Column, Ingested, Source, Table
from lake.ingestion.batches import QuarantineError
from lake.ingestion.raw_files import RawFileError
from tests.spark.lake.shop import rows_of
from tests.unit.builders import is_one_sentence

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLE = ReadyTable(
    name="customers",
    files="customers.*",
    entity=Column("user_id", "bigint", "the customer"),
    as_of="month",
    left="gone",
    horizon_days=30,
    columns=(
        TableFeature("silence", "days", "never came", "Has not come for a while", "days since the last visit"),
        TableFeature("plan", "1 or 0", "no plan", "The plan", "plan", (("basic", "Basic"), ("plus", "Dad's +"))),
    ),
    raw=(("gone", "Churn"),),
)
UNDATED = replace(TABLE, as_of=date(2026, 1, 1))
HEADER = "user_id,month,Churn,silence,plan,seen by nobody"
SOUND = ["1,2026-01-01,0,10,Basic,x", "2,2026-01-01,Yes,20.5,Dad's +,x", "3,2026-01-01,,,,x"]
#: description -> the row, and why it cannot be used.
BAD = {
    "a label that is none": ("4,2026-01-01,2,10,Basic,x", "gone: not one of 1, 1.0, true, True, yes, Yes, 0, "),
    "a word that is not declared": ("4,2026-01-01,0,10,Gold,x", "plan: not one of Basic, Dad's +: Gold"),
    "a word for a number": ("4,2026-01-01,0,ten,Basic,x", "silence: not a double: ten"),
    "no date": ("4,,0,10,Basic,x", "month: empty"),
    "a date of the future": ("4,2199-01-01,,10,Basic,x", "month: after its batch was made: 2199-01-01"),
    "nobody": (",2026-01-01,0,10,Basic,x", "user_id: empty"),
}
TWICE = ["5,2026-01-01,0,10,Basic,x", "5,2026-01-01,0,10,Basic,x"]
CONTRADICTING = ["6,2026-01-01,0,10,Basic,x", "6,2026-01-01,1,10,Basic,x"]
Take = Callable[[Source, Path, Path], Ingested]


def write(raw: Path, lines: list[str]) -> Path:
    raw.mkdir(exist_ok=True)
    (raw / "customers.csv").write_text("\n".join([HEADER, *lines, ""]))
    return raw


def snapshot(lake: Path, table: ReadyTable, engine: Engine) -> pd.DataFrame:
    """The first of January as it is written, built anew by this engine."""
    everybody = Population("all_of_them", "true", "shop_churn", "everybody", table.label)
    spec = SnapshotSpec("shop", "user_id", (table.source,), table.features, (everybody,), table=table)
    folder = PrecomputedSnapshots(lake, spec, date(2026, 6, 1)).backfill(
        engine, [date(2026, 1, 1)], lake / engine.name
    )[0]
    rows = pd.concat(map(pd.read_parquet, folder.glob("*.parquet"))).sort_values("user_id", ignore_index=True)
    return rows[["user_id", "silence", "plan_basic", "plan_plus", "label"]]


def test_every_row_is_kept_counted_twice_or_put_aside_with_its_reason(ingest_source: Take, tmp_path: Path) -> None:
    raw = write(tmp_path / "raw", [*SOUND, *TWICE, *CONTRADICTING, *(row for row, _ in BAD.values())])
    done = ingest_source(replace(TABLE, max_quarantined=0.9).source, raw, tmp_path).manifest
    assert (done.rows_in, done.rows_kept, done.duplicates, done.quarantined) == (13, 4, 1, 8)
    aside = rows_of(Table(tmp_path, "shop", "customers").quarantine.iterdir())
    text = {row["position"]: row["reason"] for row in aside}
    for place, (_, reason) in enumerate(BAD.values()):
        assert text[f"line {9 + place}"].startswith(reason)
    assert {text["line 7"], text["line 8"]} == {"contradicts another row of its batch with the same user_id, month"}


@pytest.mark.parametrize(
    ("lines", "error", "expected_text"),
    [
        (["4,2026-01-01,2,10,Basic,x"], QuarantineError, r"1 of 1 rows \(100.0%\) cannot be used, .* «gone: not"),
        (CONTRADICTING, QuarantineError, "2 of 2 rows contradict another row .* with the same user_id, month"),
    ],
    ids=["a label that is none", "one key twice"],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_told(
    ingest_source: Take, tmp_path: Path, lines: list[str], error: Any, expected_text: str
) -> None:
    with pytest.raises(error, match=expected_text) as caught:
        ingest_source(TABLE.source, write(tmp_path / "raw", lines), tmp_path)
    assert is_one_sentence(caught.value)


def test_a_column_that_the_file_does_not_have_is_told(ingest_source: Take, tmp_path: Path) -> None:
    declared = replace(TABLE, columns=(replace(TABLE.columns[0], name="visits"),))
    with pytest.raises(RawFileError, match=r"customers\.csv: column visits is missing; it has user_id, month, Churn"):
        ingest_source(declared.source, write(tmp_path / "raw", SOUND), tmp_path)


@pytest.mark.parametrize(
    ("column", "values", "expected_text"),
    [
        ("silence", pd.to_datetime(["2026-01-01"]).date, "column silence holds date32.* declares a double"),
        ("silence", [[1.0, 2.0]], "column silence holds list.* declares a double"),
        ("month", [20260101], "column month holds int64.* declares a date"),
        ("month", [True], "column month holds bool.* declares a date"),
    ],
)
def test_a_parquet_column_of_a_type_that_cannot_become_the_declared_one_is_told(
    ingest_source: Take, tmp_path: Path, column: str, values: Any, expected_text: str
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    day = pd.to_datetime(["2026-01-01"]).date
    sound = {"user_id": [1], "month": day, "Churn": [0], "silence": [1.0], "plan": ["Basic"]}
    pd.DataFrame({**sound, column: values}).to_parquet(raw / "customers.parquet")
    with pytest.raises(RawFileError, match=expected_text) as caught:
        ingest_source(replace(TABLE, format="parquet").source, raw, tmp_path)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        pytest.param("csv", TABLE, id="csv-dates of its own"),
        pytest.param("parquet", UNDATED, id="parquet-one day"),
        pytest.param("csv", UNDATED, id="csv-one day", marks=pytest.mark.slow),
        pytest.param("parquet", TABLE, id="parquet-dates of its own", marks=pytest.mark.slow),
    ],
)
def test_the_same_snapshot_comes_of_every_format_and_engine(
    ingest_source: Take, spark: "SparkSession", tmp_path: Path, kind: str, table: ReadyTable
) -> None:
    raw = write(tmp_path / "raw", SOUND)
    if kind == "parquet":
        frame = pd.read_csv(raw / "customers.csv", parse_dates=["month"]).drop(columns="seen by nobody")
        frame["Churn"] = frame["Churn"].map({"0": False, "Yes": True}).astype("boolean")
        (raw / "customers.csv").unlink()
        frame.to_parquet(raw / "customers.parquet", coerce_timestamps="us")
    declared = replace(table, format=kind)  # type: ignore[arg-type]
    ingest_source(declared.source, raw, tmp_path)
    expected = pd.DataFrame({
        "user_id": [1, 2, 3], "silence": [10, 20.5, None], "plan_basic": [1, 0, None], "plan_plus": [0, 1, None],
        "label": [0, 1, None],
    })  # fmt: skip
    # Of a table with dates the date is not matured: it has a row without a label, and no later date.
    expected["label"] = expected["label"] if table is UNDATED else None
    for engine in (SparkEngine(spark), DuckEngine("UTC", threads=1)):
        result = snapshot(tmp_path, declared, engine)
        pd.testing.assert_frame_equal(result.astype(float), expected.astype(float), check_dtype=False)

"""Sources as people have them, from their files to features and labels, on both engines."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from features import DuckEngine, Engine, Feature, NoEvent, Population, Snapshots, SnapshotSpec, SparkEngine
from lake import Column, Ingested, Source

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MARCH_1 = date(1997, 3, 1)
CUSTOMER = Column("customer_id", "bigint", "the customer")
ORDERS = Source(
    "orders",
    "orders.csv",
    "customer_id",
    "day",
    (CUSTOMER, Column("day", "date", "when"), Column("status", "string", "paid or not", nullable=True)),
)
COUNT = Feature("orders", "count", "orders", "never", "Orders rarely", "orders in all")


class Shop:
    """Raw files, ingested once, and the snapshots that each engine makes of them."""

    def __init__(self, folder: Path, ingest_source: Callable[[Source, Path, Path], Ingested], engine: Engine) -> None:
        self.raw, self.lake, self.engine, self._ingest = folder / "raw", folder / "lake", engine, ingest_source
        self.raw.mkdir()

    def write(self, files: Mapping[str, Sequence[str]]) -> None:
        """Write raw files, a line for each text."""
        for name, lines in files.items():
            (self.raw / name).parent.mkdir(exist_ok=True)
            (self.raw / name).write_text("\n".join([*lines, ""]))

    def snapshots(self, spec: SnapshotSpec) -> Snapshots:
        """The snapshots of what is in the raw files now."""
        for source in spec.sources:
            self._ingest(source, self.raw, self.lake)
        return Snapshots(self.lake, spec)

    def rows(self, spec: SnapshotSpec, day: date = MARCH_1) -> pd.DataFrame:
        """The snapshot of a day, by customer."""
        snapshots = self.snapshots(spec)
        snapshots.build(lambda: self.engine, [day])
        return pd.read_parquet(snapshots.path(day)).set_index("customer_id").sort_index()


@pytest.fixture(params=["spark", "duckdb"])
def shop(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    spark: "SparkSession",
    ingest_source: Callable[[Source, Path, Path], Ingested],
) -> Shop:
    engine: Engine = SparkEngine(spark) if request.param == "spark" else DuckEngine("UTC", threads=1)
    return Shop(tmp_path, ingest_source, engine)


def spec(*sources: Source, features: Sequence[Feature] = (COUNT,), label: NoEvent | None = None) -> SnapshotSpec:
    """A project of these sources with everybody in one population."""
    everybody = Population("all", "true", "shop", "everybody", label or NoEvent("orders", 10))
    return SnapshotSpec("shop", "customer_id", sources, tuple(features), (everybody,))


def test_only_events_that_satisfy_the_labels_condition_mean_staying(shop: Shop):
    shop.write(
        {
            "orders.csv": [
                "customer_id,day,status",
                *[f"{customer},1997-02-01,open" for customer in (1, 2, 3, 4)],
                "1,1997-03-02,paid",
                "2,1997-03-02,open",
                "2,1997-03-03,paid",
                "3,1997-03-02,open",
                "4,1997-03-02,",  # an unknown status is no paid order
                "9,1997-04-01,open",
            ]
        }
    )
    paid = NoEvent("orders", 10, where="status = 'paid' or status = 'settled'")
    assert shop.rows(spec(ORDERS, label=paid))["label"].to_dict() == {1: 0, 2: 0, 3: 1, 4: 1}
    assert shop.rows(spec(ORDERS))["label"].to_dict() == {1: 0, 2: 0, 3: 0, 4: 0}

"""A lake below a folder whose name holds quotes and signs of patterns."""

from datetime import date
from pathlib import Path

import pytest

from features import Engine, NoEvent, Population, Snapshots, SnapshotSpec
from features.declare.feature import Feature
from lake import Table, ingest
from tests.spark.lake.shop import ORDERS, line, rows_of, write

ODD = "it's [a] {lake,b} * ?"
SPEC = SnapshotSpec(
    "shop",
    "user_id",
    (ORDERS,),
    (Feature("orders", "count", "orders", "never null", "Orders", "orders", window=30),),
    (Population("all", "true", "shop", "everybody", NoEvent("orders", 1)),),
)


def test_a_lake_below_any_folder_name_gives_its_rows(engine: Engine, tmp_path: Path):
    folder = tmp_path / ODD
    raw = write(folder / "raw [1]", *[line(number) for number in (1, 2, 3, 3)])
    table = Table(folder / "lake", "shop", "orders")
    done = ingest(lambda: engine, ORDERS, raw, table)
    assert (done.manifest.rows_in, done.manifest.rows_kept) == (4, 4)
    assert sorted(row["user_id"] for row in rows_of(table.folders())) == [1, 2, 3, 3]
    snapshots = Snapshots(folder / "lake", SPEC)
    days = [date(1997, 1, 3), date(1997, 1, 4)]
    assert snapshots.build(lambda: engine, days).rows == {days[0]: 2, days[1]: 3}
    assert Snapshots(folder / "lake", SPEC).build(lambda: pytest.fail("an engine was started"), days).new_dates == ()

"""Snapshots: who is in them, what is known of them, and that none is made twice."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from features import Engine, NoEvent, Population, Snapshots, SnapshotSpec, SparkEngine
from lake import Ingested, Source
from stack.errors import PrichalError
from tests.spark.features.logs import dated, declare
from tests.unit.builders import dead_owner

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VISITS = replace(dated(), files="visits.csv")
SILENT = NoEvent("visits", horizon_days=10, grace_days=2)
NEW = Population("new", "visits_days_since_first <= 10", "shop_new", "first came ten days ago at most", SILENT)
LOYAL = Population("loyal", "visits_count_all >= 3", "shop_loyal", "came three times", SILENT)
SPEC = SnapshotSpec(
    project="shop",
    entity="user_id",
    sources=(VISITS,),
    features=(declare("count"), declare("days_since_first"), declare("sum", measure="value", window=30)),
    populations=(NEW, LOYAL),
)
MARCH_1, MARCH_9, MARCH_10 = date(1997, 3, 1), date(1997, 3, 9), date(1997, 3, 10)

#: description -> days of the user's visits, and population and label on the first of March; None if not there.
USERS: dict[str, tuple[list[str], tuple[str, int] | None]] = {
    "returns on the date": (["02-25", "03-01"], ("new", 0)),
    "returns on the last day of grace": (["02-25", "03-12"], ("new", 0)),
    "returns a day after the grace": (["02-25", "03-13"], ("new", 1)),
    "does not return": (["02-25"], ("new", 1)),
    "is in the second population only": (["01-01", "01-02", "01-03"], ("loyal", 1)),
    "fits both and is in the first": (["02-25", "02-26", "02-27", "03-05"], ("new", 0)),
    "is in none": (["01-01"], None),
    "first comes on the date": (["03-01"], None),
    "the last of the data": (["03-20"], None),  # so the label of the 9th is known, and that of the 10th is not
}


def never() -> Engine:
    pytest.fail("Spark was started")


def export(raw: Path, *more: str) -> Path:
    """The visits as a raw file."""
    rows = [f"{number},1997-{day},1.5,1,tv," for number, (days, _) in enumerate(USERS.values()) for day in days]
    (raw / "visits.csv").write_text("\n".join(["user_id,day,value,pieces,device,until", *rows, *more, ""]))
    return raw


@pytest.fixture(scope="module")
def lake(ingest_source: Callable[[Source, Path, Path], Ingested], tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("lake")
    ingest_source(VISITS, export(tmp_path_factory.mktemp("raw")), lake)
    return lake


@pytest.fixture(scope="module")
def snapshots(lake: Path, spark: "SparkSession") -> Snapshots:
    """Three dates in one pass, where a killed run left something."""
    created = Snapshots(lake, SPEC)
    left = created.folder / f"snapshots.{dead_owner()}.partial" / "as_of=1997-03-01"
    left.mkdir(parents=True)
    (left / "half.parquet").write_text("half a row")
    built = created.build(lambda: SparkEngine(spark), [MARCH_10, MARCH_1, MARCH_9])
    assert built.new_dates == (MARCH_1, MARCH_9, MARCH_10)
    assert not left.exists()
    return created


@pytest.fixture
def copy(lake: Path, tmp_path: Path) -> Path:
    """The lake's tables without snapshots."""
    shutil.copytree(lake / "shop" / "tables", tmp_path / "lake" / "shop" / "tables")
    return tmp_path / "lake"


def read(snapshots: Snapshots, day: date) -> pd.DataFrame:
    return pd.read_parquet(snapshots.path(day)).set_index("user_id")


@pytest.mark.parametrize("case", USERS)
def test_who_is_in_a_snapshot_and_whether_they_left(case: str, snapshots: Snapshots):
    rows, number = read(snapshots, MARCH_1), list(USERS).index(case)
    result = (rows.loc[number, "population"], rows.loc[number, "label"]) if number in rows.index else None
    assert result == USERS[case][1]


@pytest.mark.parametrize(("day", "is_known"), [(MARCH_9, True), (MARCH_10, False)], ids=str)
def test_a_label_that_has_not_matured_is_unknown(day: date, is_known: bool, snapshots: Snapshots):
    rows = read(snapshots, day)
    assert len(rows) == 3
    assert rows["label"].notna().tolist() == [is_known] * len(rows)


def test_a_snapshot_holds_each_entity_once_and_says_how_many(snapshots: Snapshots):
    built = snapshots.build(never, [MARCH_1, MARCH_9])
    assert built.rows == {day: len(read(snapshots, day)) for day in (MARCH_1, MARCH_9)}
    assert all(read(snapshots, day).index.is_unique for day in (MARCH_1, MARCH_9))


def test_building_again_makes_nothing(snapshots: Snapshots):
    before = {path: path.stat().st_mtime_ns for path in snapshots.folder.rglob("*")}
    assert snapshots.build(never, [MARCH_1, MARCH_9, MARCH_10, MARCH_1]).new_dates == ()
    assert {path: path.stat().st_mtime_ns for path in snapshots.folder.rglob("*")} == before


def test_dates_made_in_one_pass_are_as_each_made_alone(snapshots: Snapshots, copy: Path, spark: "SparkSession"):
    single = Snapshots(copy, SPEC)
    for day in (MARCH_1, MARCH_10):
        assert single.build(lambda: SparkEngine(spark), [day]).new_dates == (day,)
        pd.testing.assert_frame_equal(read(single, day), read(snapshots, day))


def test_a_changed_log_replaces_the_snapshot(
    ingest_source: Callable[[Source, Path, Path], Ingested], copy: Path, spark: "SparkSession", tmp_path: Path
):
    created = Snapshots(copy, SPEC)
    created.build(lambda: SparkEngine(spark), [MARCH_1])
    before = created.path(MARCH_1)
    ingest_source(VISITS, export(tmp_path, "3,1997-03-02,1.5,1,tv,"), copy)
    assert created.build(lambda: SparkEngine(spark), [MARCH_1]).new_dates == (MARCH_1,)
    assert read(created, MARCH_1).loc[3, "label"] == 0
    created.remove_outdated()
    assert not before.exists()
    assert read(created, MARCH_1).loc[3, "label"] == 0


def test_a_date_that_nobody_belongs_to_is_an_empty_snapshot_that_can_be_read(copy: Path, spark: "SparkSession"):
    nobody = Snapshots(copy, replace(SPEC, populations=(replace(NEW, where="visits_count_all < 0"),)))
    built = nobody.build(lambda: SparkEngine(spark), [MARCH_1])
    assert built.rows == {MARCH_1: 0}
    assert nobody.build(never, [MARCH_1]).new_dates == ()
    # As scoring reads it.
    assert spark.read.parquet(str(nobody.path(MARCH_1))).where("population = 'new'").count() == 0


@pytest.mark.parametrize("where", ["visits_count_al > 1", "visits_count_all >"], ids=["unknown feature", "no SQL"])
def test_a_populations_condition_that_is_none_is_told(where: str, copy: Path, spark: "SparkSession"):
    wrong = Snapshots(copy, replace(SPEC, populations=(replace(NEW, where=where),)))
    with pytest.raises(PrichalError, match="new"):
        wrong.build(lambda: SparkEngine(spark), [MARCH_1])


def test_a_features_condition_that_is_none_is_told(copy: Path, spark: "SparkSession"):
    odd = declare("count", where="divice = 'tv'", what="tv")
    with pytest.raises(PrichalError, match=r"Feature visits_tv_count_all: its condition .* over the columns of visits"):
        Snapshots(copy, replace(SPEC, features=(*SPEC.features, odd))).build(lambda: SparkEngine(spark), [MARCH_1])


def test_each_population_has_the_label_of_its_own_and_matures_by_itself(copy: Path, spark: "SparkSession"):
    longer = replace(LOYAL, label=NoEvent("visits", horizon_days=30))
    rows = read(_built(Snapshots(copy, replace(SPEC, populations=(NEW, longer))), spark), MARCH_1)
    assert rows["label"].notna().groupby(rows["population"]).all().to_dict() == {"new": True, "loyal": False}


def _built(created: Snapshots, spark: "SparkSession") -> Snapshots:
    created.build(lambda: SparkEngine(spark), [MARCH_1])
    return created

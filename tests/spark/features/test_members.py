"""Snapshots of populations by contract: who is in them, with what label, and that nobody else costs anything."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import features.snapshots as snapshots_module
from features import AccessEnds, Feature, NoFirstCharge, Population, Snapshots, SnapshotSpec, SparkEngine
from features.compile.population_membership import MEMBERS, population_members
from lake import Table
from stack.errors import PrichalError
from tests.spark.features.contracts import AS_OF, Row, numbered, paid, show, switched, trial
from tests.spark.features.logs import declare
from tests.unit.builders import contract, contract_sources, publish

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ON, LATER = switched(-60, 1, "system"), AS_OF + timedelta(days=31)
#: description -> history, and population, label, how and flag on the date; None if not there.
USERS: dict[str, tuple[list[Row], tuple[str, int, str | None, bool] | None]] = {
    "pays and stays": ([paid(-20, 10), paid(10, 40), ON], ("paid", 0, None, False)),
    "pays and has cancelled": ([paid(-20, 10), ON, switched(-3, 0)], ("paid", 1, "voluntary", True)),
    "pays and will fail to": ([paid(-20, 10), ON], ("paid", 1, "involuntary", False)),
    "tries and buys": ([trial(-3, 4), paid(4, 34)], ("trial", 0, None, False)),
    "tries and goes": ([trial(-3, 4, "opt_in")], ("trial", 1, "voluntary", False)),
    "is charged again these days": ([paid(-33, -3), ON], None),
    "has left": ([paid(-90, -60), ON], None),
    "comes later": ([trial(3, 10)], None),
}


def _value(measure: str) -> Feature:
    return declare("value", "contract", measure=measure)


SPEC = SnapshotSpec(
    project="shop",
    entity="user_id",
    sources=contract_sources(),
    features=(_value("days_to_end"), declare("count", "payments", window=90), declare("days_since_last", "switches"),
              declare("value", "calendar", measure="days_to_new_year")),
    populations=(
        Population("trial", "contract_state = 'trial'", "shop_trial", "who tries", NoFirstCharge(contract(), 30, 2)),
        Population("paid", "contract_state = 'paid'", "shop_paid", "who pays", AccessEnds(contract(), 30, 2)),
    ),
    contract=contract(),
    time_zone="Europe/Moscow",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def moscow(in_zone: Callable[[str], Any]) -> Iterator[None]:
    with in_zone("Europe/Moscow"):
        yield


@pytest.fixture
def built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: "SparkSession"
) -> Callable[[SnapshotSpec], Snapshots]:
    """Snapshots of a lake whose views hold the users' histories."""
    rows = numbered([history for history, _ in USERS.values()])
    for source in contract_sources():
        publish(Table(tmp_path, "shop", source.name), "d1", "2025-10-01", "2026-05-01")
    monkeypatch.setattr(snapshots_module, "register_sources", lambda engine, tables, sources: show(spark, rows))
    return lambda spec: Snapshots(tmp_path, spec)


def test_who_is_in_which_population_and_what_became_of_them(
    built: Callable[[SnapshotSpec], Snapshots], spark: "SparkSession"
):
    snapshots = built(SPEC)
    assert snapshots.build(lambda: SparkEngine(spark), [AS_OF, LATER]).new_dates == (AS_OF, LATER)
    rows = pd.read_parquet(snapshots.path(AS_OF)).set_index("user_id")
    text = {number: tuple(row) for number, row in rows[["population", "label", "label_how", "already_left"]].iterrows()}
    assert text == {number: wanted for number, (_, wanted) in enumerate(USERS.values()) if wanted}
    assert rows["contract_days_to_end"].tolist() == [10, 10, 10, 4, 4]
    assert rows["payments_count_90d"].tolist() == [1, 1, 1, 0, 0]
    assert rows["calendar_days_to_new_year"].unique().tolist() == [306]
    assert rows["switches_days_since_last"].isna().tolist() == [False, False, False, True, True]
    later = pd.read_parquet(snapshots.path(LATER)).set_index("user_id")
    assert later["label"].isna().all()
    assert spark.catalog.listTables(pattern=MEMBERS) == []


def test_only_members_need_features_where_the_contract_alone_decides(
    built: Callable[[SnapshotSpec], Snapshots], spark: "SparkSession"
):
    built(SPEC).build(lambda: SparkEngine(spark), [AS_OF])
    with population_members(SparkEngine(spark), SPEC, [AS_OF]) as view:
        assert spark.table(str(view)).count() == 5
    mixed = replace(SPEC.populations[0], where="contract_state = 'trial' and payments_count_90d = 0")
    with population_members(
        SparkEngine(spark), replace(SPEC, populations=(mixed, SPEC.populations[1])), [AS_OF]
    ) as view:
        assert spark.table(str(view)).count() == 7


def test_a_condition_over_contract_and_features_together_is_taken(
    built: Callable[[SnapshotSpec], Snapshots], spark: "SparkSession"
):
    loyal = replace(SPEC.populations[1], where="contract_state = 'paid' and switches_days_since_last > 10")
    snapshots = built(replace(SPEC, populations=(loyal,)))
    snapshots.build(lambda: SparkEngine(spark), [AS_OF])
    assert pd.read_parquet(snapshots.path(AS_OF))["user_id"].tolist() == [0, 2]


@pytest.mark.parametrize("name", ["trial", "paid"])
def test_a_population_with_dates_of_its_own_has_the_rows_that_a_snapshot_of_all_has_of_it(
    name: str, built: Callable[[SnapshotSpec], Snapshots], spark: "SparkSession"
):
    weekly = replace(SPEC, populations=tuple(replace(population, every_days=7) for population in SPEC.populations))
    population = next(population for population in weekly.populations if population.name == name)
    whole = built(weekly)
    weekly_snapshots = whole.of(population)
    dates = weekly_snapshots.grid(AS_OF - timedelta(days=14), LATER)
    assert [(day - AS_OF).days for day in dates] == [-14, -7, 0, 7, 14, 21, 28]
    assert weekly_snapshots.build(lambda: SparkEngine(spark), dates).new_dates == tuple(dates)
    whole.build(lambda: SparkEngine(spark), dates)
    for day in dates:
        rows, all_rows = (pd.read_parquet(snapshots.path(day)) for snapshots in (weekly_snapshots, whole))
        expected = all_rows[all_rows["population"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, expected, check_exact=True)
    whole.remove_outdated()
    assert weekly_snapshots.build(lambda: SparkEngine(spark), dates).new_dates == ()
    assert whole.build(lambda: SparkEngine(spark), dates).new_dates == ()


def test_the_snapshots_of_all_do_not_depend_on_the_dates_that_a_population_asks_for(
    built: Callable[[SnapshotSpec], Snapshots],
):
    weekly = replace(SPEC, populations=tuple(replace(population, every_days=7) for population in SPEC.populations))
    assert built(weekly).digest(AS_OF) == built(SPEC).digest(AS_OF)
    assert built(weekly).of(weekly.populations[0]).digest(AS_OF) != built(SPEC).digest(AS_OF)


@pytest.mark.parametrize(
    ("changes", "expected_text"),
    [
        pytest.param({"contract": contract(succeeded="state = 1")}, "Contract: its condition succeeded", id="contract"),
        pytest.param(
            {"populations": (replace(SPEC.populations[0], where="contract = 'trial'"),)}, "Population trial", id="state"
        ),
    ],
)
def test_a_condition_that_is_none_is_told(
    changes: dict[str, Any], expected_text: str, built: Callable[[SnapshotSpec], Snapshots], spark: "SparkSession"
):
    with pytest.raises(PrichalError, match=expected_text):
        built(replace(SPEC, **changes)).build(lambda: SparkEngine(spark), [AS_OF])

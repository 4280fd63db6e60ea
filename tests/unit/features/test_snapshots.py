"""Which dates a snapshot can be made at; what is in it is tested on Spark."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import NoEvent, Population, Snapshots, SnapshotSpec, monthly
from features.snapshot_files import seal_snapshot
from features.snapshots import AsOfError, Built
from lake import Column, Coverage, Dimension, Table
from tests.unit.builders import contract, feature, is_one_sentence, publish, source

EVERYBODY = Population("all", "true", "shop_churn", "everybody", NoEvent("visits", 30))
SPEC = SnapshotSpec(
    project="shop",
    entity="user_id",
    sources=(source(), source(name="calls", files="calls*")),
    features=(feature(),),
    populations=(EVERYBODY,),
)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    """Visits from January to March, calls from February to April."""
    for name, start, end in (("visits", "1997-01-01", "1997-04-01"), ("calls", "1997-02-01", "1997-05-01")):
        publish(Table(tmp_path, "shop", name), f"digest of {name}", start, end)
    return Snapshots(tmp_path, SPEC)


days = st.dates(date(1995, 1, 1), date(2005, 1, 1))


@given(first=days, length=st.integers(0, 800))
def test_monthly_gives_exactly_the_first_days_between(first: date, length: int):
    last = first + timedelta(days=length)
    every = [first + timedelta(days=n) for n in range(length + 1)]
    assert monthly(first, last) == [day for day in every if day.day == 1]


def test_no_month_begins_between_a_day_and_an_earlier_one():
    assert monthly(date(1997, 3, 15), date(1997, 1, 1)) == []


@pytest.mark.parametrize(
    "as_of",
    [
        pytest.param(date(1997, 1, 2), id="the day after the first source began"),
        pytest.param(date(1997, 4, 1), id="the day after the first source ends"),
    ],
)
def test_a_date_that_the_data_reaches_can_have_a_snapshot(snapshots: Snapshots, as_of: date):
    snapshots.check(as_of)
    assert snapshots.coverage.start < as_of <= snapshots.coverage.end


@pytest.mark.parametrize(
    "as_of",
    [
        pytest.param(date(1997, 1, 1), id="nothing is known yet"),
        pytest.param(date(1997, 4, 2), id="a day of visits is missing"),
        pytest.param(date(2097, 4, 1), id="a hundred years too late"),
    ],
)
def test_a_date_outside_the_data_is_an_error_with_the_allowed_dates(snapshots: Snapshots, as_of: date):
    with pytest.raises(AsOfError, match=f"as_of {as_of} .* 1997-01-02 to 1997-04-01 \\(or latest\\)") as caught:
        snapshots.build(lambda: pytest.fail("Spark was started"), [date(1997, 3, 1), as_of])
    assert is_one_sentence(caught.value)


def of_shop(folder: Path, **ends: str) -> Snapshots:
    """Snapshots of visits, calls that are sparse, and plans, a dimension; each ends on its day."""
    starts = {"visits": "1997-02-01", "calls": "1997-01-01", "plans": "1900-01-01"}
    for name, start in starts.items():
        publish(Table(folder, "shop", name), f"digest of {name}", start, ends[name])
    plans = Dimension("plans", "plans.csv", "plan", columns=(Column("plan", "string", "the plan"),))
    return Snapshots(folder, replace(SPEC, sources=(*SPEC.sources[:1], source(name="calls", sparse=True), plans)))


def test_sparse_sources_and_dimensions_do_not_end_the_data(tmp_path: Path):
    snapshots = of_shop(tmp_path, visits="1997-04-01", calls="1997-02-01", plans="1900-01-02")
    assert snapshots.coverage == Coverage(date(1997, 1, 1), date(1997, 4, 1))
    assert snapshots.ends == {"visits": date(1997, 4, 1)}
    assert snapshots.lag is None


def test_the_source_that_holds_the_others_back_is_named_with_the_days(snapshots: Snapshots, tmp_path: Path):
    assert snapshots.lag == (
        "visits ends before 1997-04-01, 30 days earlier than the other sources; ingest newer files, or declare "
        "sparse=True if many days have no row"
    )
    with pytest.raises(AsOfError, match="visits ends before 1997-04-01, 30 days earlier") as caught:
        snapshots.check(date(1997, 4, 2))
    assert is_one_sentence(caught.value)
    with pytest.raises(AsOfError) as caught:
        snapshots.check(date(1997, 1, 1))
    assert "earlier than the other sources" not in str(caught.value)
    publish(Table(tmp_path, "shop", "visits"), "newer", "1997-01-01", "1997-04-30")
    assert (snapshots.lag or "").startswith("visits ends before 1997-04-30, 1 day earlier")


def test_a_snapshot_lies_elsewhere_when_the_data_or_a_declaration_changes(snapshots: Snapshots, tmp_path: Path):
    as_of = date(1997, 3, 1)
    before = snapshots.path(as_of)
    longer = replace(SPEC, populations=(replace(EVERYBODY, label=NoEvent("visits", 31)),))
    for changed in (longer, replace(SPEC, time_zone="Europe/Moscow"), replace(SPEC, contract=contract())):
        assert Snapshots(tmp_path, changed).path(as_of) != before
    assert Snapshots(tmp_path, SPEC).path(as_of) == before
    publish(Table(tmp_path, "shop", "visits"), "another digest", "1997-01-01", "1997-04-01")
    assert Snapshots(tmp_path, SPEC).path(as_of) != before


def test_a_snapshot_that_another_process_has_built_is_not_rebuilt(snapshots: Snapshots):
    day = date(1997, 3, 1)

    @contextmanager
    def hold() -> Iterator[None]:  # the other one held this until its snapshot was complete
        snapshots.path(day).mkdir(parents=True)
        rows = pd.DataFrame({"population": ["paid"] * 7, "label": [1.0] * 7})
        rows.to_parquet(snapshots.path(day) / "part.parquet")
        seal_snapshot(snapshots.path(day))
        yield

    snapshots.pin(hold)
    assert snapshots.build(lambda: pytest.fail("it was made twice"), [day]) == Built({day: 7}, ())

"""The rollups of the telemetry shop equal the same figures computed from the raw rows with pandas, on both engines."""

from pathlib import Path

import pandas as pd
import pytest

from features import Engine
from lake import Table, ingest
from projects import load_project
from projects.telemetry.simulator import simulate
from serving.rollups import compute_rollups
from stack.engines.duckdb_engine import DuckEngine
from tests import shop_reference
from tests.shop_reference import HOSTILE

SHOP = load_project("telemetry")
KEYS = ["category", "city", "gender", "age_group"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 500 people in three months, and rows that are hard to count."""
    folder = tmp_path_factory.mktemp("shop")
    for name in ("raw", "truth"):
        (folder / name).mkdir()
    simulate(folder / "raw", folder / "truth", users=500, months=3, seed=3, say=lambda _line: None)
    (folder / "raw" / "events-hostile.csv").write_text(HOSTILE)
    for source in SHOP.sources:
        ingest(lambda: DuckEngine("UTC", threads=2), source, folder / "raw", Table(folder, "telemetry", source.name))
    return folder


@pytest.fixture(scope="module")
def events(lake: Path) -> pd.DataFrame:
    return shop_reference.read_events(lake / "raw")


@pytest.fixture(scope="module")
def rollups(engine: Engine, lake: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    assert SHOP.rollups is not None
    tables = {source.name: Table(lake, "telemetry", source.name) for source in SHOP.sources}
    if isinstance(engine, DuckEngine):
        engine = DuckEngine("UTC", threads=2)  # that of other tests may have a table with the name of a source
    written = compute_rollups(engine, SHOP.rollups, tables, tmp_path_factory.mktemp("rollups") / engine.name)
    return {name: pd.read_parquet(folder) for name, folder in written.items()}


def test_a_doubled_row_is_dropped_and_a_contradiction_or_a_value_of_nobody_is_quarantined(lake: Path):
    manifest = Table(lake, "telemetry", "events").require()
    file = manifest.files["events-hostile.csv"]
    assert (file.rows_in, file.quarantined, sum(file.months.values())) == (10, 1, 9)
    june = manifest.months["2021-06"]
    assert (june.rows_kept, june.contradictions, file.months["2021-06"]) == (5, 2, 8)


@pytest.mark.parametrize("grain", ["day", "week", "month"])
@pytest.mark.parametrize("key", ["", *KEYS])
def test_people_orders_and_revenue_equal_a_count_of_the_raw_rows(
    grain: str, key: str, rollups: dict[str, pd.DataFrame], events: pd.DataFrame
):
    table = rollups["activity"]
    rows = table[table["grain"] == grain]
    for name in ("category", "city"):
        rows = rows[(rows[name] != "") if name == key else (rows[name] == "")]
    by = ["period_start", *([key] if key else [])]
    columns = ["users", "buyers", "events", "orders", "revenue", "outliers"]
    counted = rows.groupby(by)[columns].sum()
    counted.index = counted.index.set_levels(pd.to_datetime(counted.index.levels[0]), level=0) if key else (
        pd.to_datetime(counted.index)
    )  # fmt: skip
    expected = shop_reference.activity(events, [grain, key] if key else grain)
    expected.index.names = counted.index.names
    pd.testing.assert_frame_equal(counted.astype(float), expected[columns].astype(float), check_index_type=False)


def test_a_person_counts_in_one_cell_of_a_period(rollups: dict[str, pd.DataFrame], events: pd.DataFrame):
    table = rollups["activity"]
    month = table[(table["grain"] == "month") & (table["category"] == "") & (table["city"] == "")]
    assert month["users"].sum() == events.groupby("month")["person_id"].nunique().sum()


def test_hours_equal_a_count_of_the_raw_rows(rollups: dict[str, pd.DataFrame], events: pd.DataFrame):
    table = rollups["hours"]
    everything = table[(table["category"] == "") & (table["city"] == "")]
    for name, expected in (
        ("events_by_hour", events.groupby(events["happened_at"].dt.hour).size()),
        ("revenue_by_hour", events.groupby(events["happened_at"].dt.hour)["revenue"].sum()),
    ):
        numbers = everything[name].str.strip("{}").str.split(",", expand=True).astype(float).sum()
        expected = expected.reindex(range(24), fill_value=0)
        assert numbers.tolist() == pytest.approx(expected.tolist())
    weekdays = everything.assign(events=everything["events_by_hour"].str.strip("{}").str.split(",").map(
        lambda texts: sum(map(float, texts))))  # fmt: skip
    by_weekday = weekdays.groupby("weekday")["events"].sum()
    assert by_weekday.tolist() == events.groupby(events["day"].dt.weekday).size().tolist()


def test_sessions_end_after_thirty_minutes_of_silence(rollups: dict[str, pd.DataFrame], events: pd.DataFrame):
    table = rollups["sessions"]
    everything = table[(table["category"] == "") & (table["city"] == "")].groupby("month").sum(numeric_only=True)
    expected = shop_reference.sessions(events).groupby("month").agg(
        sessions=("events", "size"), seconds=("seconds", "sum"), events=("events", "sum"),
        cart_sessions=("has_cart", "sum"), buying_sessions=("has_purchase", "sum"),
    )  # fmt: skip
    assert everything[expected.columns].to_numpy() == pytest.approx(expected.to_numpy())
    # Half an hour to the millisecond is the same session; a millisecond more is another.
    person = events[events["person_id"] == 74]
    assert person["session"].nunique() == 2
    books = table[(table["category"] == "books") & (table["city"] == "") & (table["month"].astype(str) == "2021-06-01")]
    assert books["sessions"].sum() == 2


def test_purchases_by_value_and_by_childs_age_equal_a_count_of_the_raw_rows(
    rollups: dict[str, pd.DataFrame], events: pd.DataFrame
):
    checks, children = (rollups[name][rollups[name]["city"] == ""] for name in ("checks", "children"))
    orders = events[events["order"]]
    assert checks["orders"].sum() == len(orders)
    assert checks["outliers"].sum() == orders["is_outlier"].sum() > 0
    high = orders[(orders["revenue"] >= 5000) & (orders["revenue"] < 10000)]
    assert checks[checks["value_from"] == 5000]["orders"].sum() == len(high) > 0
    revenue = children.groupby(["child_group", "category"])["revenue"].sum()
    expected = events.groupby(["child_group", "category"])["revenue"].sum()
    assert revenue.to_dict() == pytest.approx(expected.to_dict())


def test_rows_that_are_hard_to_count_arrive(rollups: dict[str, pd.DataFrame]):
    table = rollups["activity"]
    june = table[(table["grain"] == "month") & (table["period_start"].astype(str) == "2021-06-01")]
    quoted = june[(june["category"] == 'd\'Artagnan "%s" {0}') & (june["city"] == "Nowhere-on-Sea")]
    assert quoted[["gender", "age_group", "users", "revenue"]].values.tolist() == [["unknown", "unknown", 1, 120.5]]
    silent = june[(june["category"] == "unknown") & (june["city"] == "unknown")]
    assert silent[["gender", "age_group", "users", "buyers"]].values.tolist() == [["M", "0-17", 1, 0]]
    # The person's newest city, gender and age count; a purchase without a value is an order of nothing.
    moved = june[(june["category"] == "books") & (june["city"] == "Kazan")]
    assert moved[["gender", "age_group", "users", "orders", "revenue"]].values.tolist() == [["F", "55+", 1, 2, 70.0]]
    months = set(table[table["grain"] == "month"]["period_start"].astype(str))
    assert "2021-07-01" not in months
    doubles = rollups["double_events"].assign(month=lambda frame: frame["month"].astype(str)).set_index("month")
    assert doubles.loc["2021-06-01", ["duplicates", "contradictions"]].tolist() == [1, 2]

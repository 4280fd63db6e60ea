"""The queries of the shop's pages equal figures computed from the raw rows with pandas, and show planted facts."""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest

from dashboards.database import PageDatabase
from dashboards.pages import load_dashboards
from dashboards.query import load_query, query_names
from projects.telemetry.simulator import simulate
from tests import shop_reference
from tests.end_to_end.conftest import Clone
from tests.end_to_end.in_process import run_here

DASHBOARD = next(each for each in load_dashboards() if each.name == "telemetry")
NAMES = [name for name in query_names() if name.startswith("telemetry/")]


@dataclass
class Shop:
    """A shop in the mart, its raw rows and its planted facts."""

    database: PageDatabase
    events: pd.DataFrame
    facts: dict[str, Any]

    def read(self, name: str, **filters: object) -> pd.DataFrame:
        """Rows of a query; they may be none only with a sentence that says why."""
        query = load_query(f"telemetry/{name}")
        rows = self.database.read(query, DASHBOARD, filters, sees_people=False)
        assert rows.rows or rows.sentence == query.empty, rows.sentence
        frame = pd.DataFrame(rows.rows, columns=[column.name for column in query.columns])
        for column in query.columns:
            if column.unit in {"date", "month"}:
                frame[column.name] = pd.to_datetime(frame[column.name])
            elif column.unit != "text":
                frame[column.name] = frame[column.name].astype(float)
        return frame

    def filtered(self, **filters: object) -> pd.DataFrame:
        """The raw rows that match filters of the page."""
        events = self.events
        for name, column in (("category", "category"), ("city", "city")):
            if name in filters:
                events = events[events[column] == filters[name]]
        for name, column in (("gender", "gender"), ("age", "age_group")):
            if name in filters:
                events = events[events[column].isin(filters[name])]
        return events


def load_shop(clone: Clone, folder: Path, hostile: str = "", **parameters: Any) -> Shop:
    raw, truth = folder / "raw", folder / "truth"
    for place in (raw, truth):
        place.mkdir()
    simulate(raw, truth, say=lambda _line: None, **parameters)
    if hostile:
        (raw / "events-hostile.csv").write_text(hostile)
    for arguments in (("jobs.ingest", "--raw", str(raw)), ("jobs.rollups",)):
        done = run_here(clone, arguments[0], "--project", "telemetry", *arguments[1:])
        assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads((truth / "facts.json").read_text())
    return Shop(PageDatabase(clone.url), shop_reference.read_events(raw), facts)


@pytest.fixture(scope="module")
def shop(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Small, with rows that are hard to count."""
    return load_shop(
        clone, tmp_path_factory.mktemp("shop"), shop_reference.HOSTILE, users=700, months=4, seed=5
    )  # fmt: skip


FILTERS: list[dict[str, object]] = [
    {},
    {"category": "children's goods"},
    {"city": "Moscow", "gender": ["F"]},
    {"gender": ["M", "unknown"], "age": ["25-34", "35-44"]},
    {"category": 'd\'Artagnan "%s" {0}'},
    {"city": "Nowhere-on-Sea", "gender": ["M"]},
]
every_choice = pytest.mark.parametrize("filters", FILTERS, ids=str)


def compare(rows: pd.DataFrame, expected: pd.DataFrame, keys: list[str]) -> None:
    """The rows have exactly the expected keys, and the expected values of each expected column."""
    rows, expected = rows.set_index(keys).sort_index(), expected.sort_index()
    assert rows.index.tolist() == expected.index.tolist()
    for column in expected.columns:
        values = expected[column].astype(float)
        assert rows[column].to_numpy(float) == pytest.approx(values.to_numpy(), nan_ok=True), column


def ratios(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the quotients that pages show."""
    orders, buyers = table["orders"].where(table["orders"] > 0), table["buyers"].where(table["buyers"] > 0)
    return table.assign(
        average_check=table["revenue"] / orders, conversion=table["buyers"] / table["users"],
        arpu=table["revenue"] / table["users"], arppu=table["revenue"] / buyers,
    )  # fmt: skip


@every_choice
@pytest.mark.parametrize("scale", ["day", "week", "month"])
def test_sales_by_time(scale: str, filters: dict[str, object], shop: Shop) -> None:
    expected = ratios(shop_reference.activity(shop.filtered(**filters), scale))
    for name, columns in (
        ("revenue", ["revenue", "orders"]), ("average_check", ["average_check"]),
        ("conversion", ["conversion", "users", "buyers"]), ("arpu", ["arpu", "arppu"]),
    ):  # fmt: skip
        compare(shop.read(name, scale=scale, **filters), expected[columns], ["period_start"])


@every_choice
@pytest.mark.parametrize(
    ("name", "key"),
    [("revenue_by_category", "category"), ("revenue_by_gender", "gender"), ("revenue_by_age", "age_group"),
     ("city_table", "city")],
)  # fmt: skip
def test_sales_by_group_count_people_once_a_month(name: str, key: str, filters: dict[str, object], shop: Shop) -> None:
    table = shop_reference.activity(shop.filtered(**filters), ["month", key]).groupby(key).sum()
    compare(shop.read(name, **filters), ratios(table)[["revenue", "orders", "users", "conversion", "arpu"]], [key])


def test_totals_and_funnel(shop: Shop) -> None:
    months = shop_reference.activity(shop.events, "month").sum()
    totals = shop.read("sales_totals").iloc[0]
    assert totals[["users", "buyers", "orders", "revenue"]].tolist() == pytest.approx(
        months[["users", "buyers", "orders", "revenue"]].tolist()
    )
    people = [
        shop.events[shop.events["action"].isin(actions)].groupby("month")["person_id"].nunique().sum()
        for actions in (["view", "cart", "checkout", "purchase"], ["view"], ["cart"], ["checkout"], ["purchase"])
    ]
    funnel = shop.read("funnel")
    assert funnel["people"].tolist() == people
    assert funnel["share_of_previous"].tolist()[1:] == pytest.approx(
        [after / before for before, after in pairwise(people)]
    )


def test_a_period_is_cut_at_its_days(shop: Shop) -> None:
    chosen = {"period_start": "2025-10-07", "period_end": "2025-11-03"}
    days = shop.events[shop.events["day"].between("2025-10-07", "2025-11-03")]
    compare(shop.read("revenue", scale="day", **chosen), shop_reference.activity(days, "day")[["revenue"]],
            ["period_start"])  # fmt: skip
    months = shop.read("revenue", scale="month", **chosen)["period_start"]
    assert months.dt.strftime("%Y-%m").tolist() == ["2025-10", "2025-11"]


@every_choice
def test_hours_sessions_values_and_children(filters: dict[str, object], shop: Shop) -> None:
    events = shop.filtered(**filters)
    hours = shop.read("activity_by_hour", **filters)
    hours = hours[hours["events"] > 0].assign(weekday=hours["weekday"].str[:3], hour=hours["hour"].str[:2].astype(int))
    by_hour = events.groupby([events["day"].dt.day_name().str[:3], events["happened_at"].dt.hour])
    compare(hours, by_hour.agg(events=("order", "size"), revenue=("revenue", "sum")), ["weekday", "hour"])
    values = shop.read("values_by_month", **filters).groupby("month")[["orders"]].sum()
    assert values["orders"].sum() == events["order"].sum()
    children = shop.read("children", **filters)
    compare(children, events.groupby(["child_group", "category"]).agg(revenue=("revenue", "sum"),
            orders=("order", "sum")), ["child_group", "category"])  # fmt: skip
    # A session belongs to a category if it has an event of it; its length is that of the whole session.
    chosen = {name: value for name, value in filters.items() if name != "category"}
    sessions = shop_reference.sessions(shop.filtered(**chosen))
    sessions = sessions[sessions.index.isin(events["session"])]
    totals = shop.read("session_totals", **filters)
    if len(sessions):
        row = totals.iloc[0]
        assert row["sessions"] == len(sessions)
        assert row["length_minutes"] == pytest.approx(sessions["seconds"].mean() / 60)
        assert row["depth"] == pytest.approx(sessions["events"].mean())
        assert row["buying_share"] == pytest.approx(sessions["has_purchase"].mean())


def test_audiences_cities_and_outliers(shop: Shop) -> None:
    events = shop.events
    audience = events["gender"] + " " + events["age_group"]
    compare(shop.read("category_audience"), events.groupby(["category", audience]).agg(revenue=("revenue", "sum")),
            ["category", "audience"])  # fmt: skip
    ages = shop.read("city_ages").set_index(["city", "age_group"])["revenue"]
    expected = events.groupby(["city", "age_group"])["revenue"].sum()
    assert ages.to_dict() == pytest.approx(expected.loc[ages.index].to_dict())
    outliers = events[events["is_outlier"]].groupby("category")["revenue"].agg(["size", "sum"])
    shown = shop.read("outliers").set_index("category").query("outliers > 0")
    assert shown["outliers"].to_dict() == outliers["size"].to_dict()
    assert shown["outlier_revenue"].to_dict() == pytest.approx(outliers["sum"].to_dict())


def test_before_and_after_a_campaign(shop: Shop) -> None:
    start, days = pd.Timestamp("2025-11-10"), 7
    around = shop.read("before_after", campaign_date="2025-11-10", campaign_days="7").set_index("measure")
    for name, since in (("before", start - pd.Timedelta(days=days)), ("after", start)):
        events = shop.events[shop.events["day"].between(since, since + pd.Timedelta(days=days - 1))]
        users = events.groupby("day")["person_id"].nunique().sum()
        assert around.loc["revenue a day", name] == pytest.approx(events["revenue"].sum() / days)
        assert around.loc["ARPU of a day", name] == pytest.approx(events["revenue"].sum() / users)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "filters",
    [{"city": "Atlantis"}, {"gender": ["M"], "city": "Nowhere-on-Sea", "category": "books"},
     {"period_start": "2021-07-01", "period_end": "2021-07-31"}, {"period_start": "2030-01-01"},
     {"category": "'; drop table mart.telemetry_activity; --"}, {"campaign_date": "2025-13-45"}],
    ids=["unknown city", "nobody", "a month without data", "the future", "a quote", "no date"],
)  # fmt: skip
def test_a_choice_without_rows_is_answered_by_rows_or_by_a_sentence(
    name: str, filters: dict[str, object], shop: Shop
) -> None:
    shop.read(name.removeprefix("telemetry/"), **filters)


def test_a_month_without_data_is_a_gap_of_zeros_by_day_and_no_row_by_month(shop: Shop) -> None:
    days = shop.read("days", period_start="2021-07-01", period_end="2021-07-31")
    assert (len(days), days["value"].sum()) == (31, 0.0)
    assert shop.read("revenue", period_start="2021-07-01", period_end="2021-07-31").empty


def test_a_city_unknown_to_the_map_is_in_the_table_only(shop: Shop) -> None:
    table = shop.read("city_table").set_index("city")["on_map"]
    assert (table["Moscow"], table["Nowhere-on-Sea"], table["Sosnovka"]) == ("yes", "no", "no")
    assert {"Nowhere-on-Sea", "Sosnovka"}.isdisjoint(shop.read("city_map")["city"])


def test_a_date_that_does_not_exist_is_answered_by_a_sentence(shop: Shop) -> None:
    query = load_query("telemetry/revenue")
    answer = shop.database.read(query, DASHBOARD, {"period_start": "2025-02-31"}, sees_people=False)
    assert answer.sentence is not None
    assert "a date that does not exist" in answer.sentence


def test_readers_of_the_rollups_change_nothing(shop: Shop, clone: Clone) -> None:
    with psycopg.connect(clone.owner_url) as connection:
        connection.execute("set role prichal_bi")
        connection.execute("select 1 from mart.telemetry_hours limit 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from mart.telemetry_activity")


@pytest.fixture(scope="module")
def planted(clone: Clone, shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop that is large enough to show its planted facts; it replaces the small one."""
    return load_shop(clone, tmp_path_factory.mktemp("planted"), users=12_000, months=12, seed=1)


@pytest.mark.slow
def test_planted_facts_are_on_the_pages(planted: Shop) -> None:
    facts = planted.facts
    assert planted.read("revenue_by_category")["category"][0] == facts["top_category"] == "children's goods"
    assert planted.read("city_table")["city"][0] == facts["top_city"] == "Moscow"
    arpu = planted.read("arpu").set_index("period_start")
    assert (arpu["arpu"].idxmax().month, arpu["arppu"].idxmax().month) == (12, 8)
    marked = {f"{day:%Y-%m-%d}" for day in planted.read("marked_days")["x"]}
    assert set(facts["days"]) <= marked
    assert len(marked) <= len(facts["days"]) + 4  # at most 1% of the other days
    categories = planted.read("category_months")
    highest = categories.loc[categories["ratio"].idxmax()]
    assert (highest["category"], f"{highest['month']:%Y-%m-%d}") == (facts["category"], facts["category_month"])
    hours = planted.read("hour_months")
    highest = hours.loc[hours["ratio"].idxmax()]
    assert (highest["hour"], f"{highest['month']:%Y-%m-%d}") == (f"{facts['hour']:02}:00", facts["hour_month"])
    doubles = planted.read("double_events")
    assert f"{doubles.loc[doubles['duplicate_share'].idxmax(), 'month']:%Y-%m-%d}" == facts["double_month"]


@pytest.mark.slow
def test_a_quiet_year_has_few_marked_days(planted: Shop, clone: Clone, tmp_path: Path) -> None:
    quiet = load_shop(clone, tmp_path, users=4_000, months=12, seed=2, quiet=True)
    assert len(quiet.read("marked_days")) <= 3

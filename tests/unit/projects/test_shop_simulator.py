"""The simulated shop: the same seed writes the same bytes, and every planted fact is in the exports."""

import json
from pathlib import Path

import pandas as pd
import pytest

from projects.telemetry.simulator import plan as planted
from projects.telemetry.simulator import simulate
from tests import shop_reference


def simulated(folder: Path, **changes: int | bool) -> tuple[Path, dict[str, object]]:
    raw, truth = folder / "raw", folder / "truth"
    for place in (raw, truth):
        place.mkdir(parents=True)
    parameters = {"users": 3000, "months": 12, "seed": 1, **changes}
    rows = simulate(raw, truth, say=lambda _line: None, **parameters)  # type: ignore[arg-type]
    facts = json.loads((truth / "facts.json").read_text())
    return raw, {**facts, "rows": rows}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    return simulated(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def events(shop: tuple[Path, dict[str, object]]) -> pd.DataFrame:
    return shop_reference.read_events(shop[0])


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path):
    seeds = {"a": 1, "b": 1, "c": 2}
    folders = [simulated(tmp_path / name, users=60, months=3, seed=seed)[0] for name, seed in seeds.items()]
    first, second, third = ([path.read_bytes() for path in sorted(folder.iterdir())] for folder in folders)
    assert first == second
    assert first != third


def test_every_row_is_counted_and_the_double_ones_are_known(shop: tuple[Path, dict], events: pd.DataFrame):
    raw, facts = shop
    written = {path.name: len(pd.read_csv(path)) for path in raw.iterdir()}
    assert written == facts["rows"]
    logged = sum(count for name, count in written.items() if name != "cities.csv")
    assert logged - len(events) == sum(facts["double_events"].values()) > 0


def test_the_planted_month_has_the_most_double_events(shop: tuple[Path, dict]):
    doubles = shop[1]["double_events"]
    assert max(doubles, key=doubles.get) == shop[1]["double_month"][:7]


def test_childrens_goods_and_moscow_come_first(shop: tuple[Path, dict], events: pd.DataFrame):
    assert events.groupby("category")["revenue"].sum().idxmax() == shop[1]["top_category"] == "children's goods"
    assert events.groupby("category").size().idxmax() == "children's goods"
    assert events.groupby("city")["person_id"].nunique().idxmax() == shop[1]["top_city"] == "Moscow"


def test_arpu_and_arppu_have_their_seasons(shop: tuple[Path, dict], events: pd.DataFrame):
    months = shop_reference.activity(events[~events["is_outlier"]], "month")
    arpu, arppu = months["revenue"] / months["users"], months["revenue"] / months["buyers"]
    assert (arpu.idxmax().month, arppu.idxmax().month) == (12, 8)


def test_planted_days_category_and_hour_stand_out(shop: tuple[Path, dict], events: pd.DataFrame):
    facts = shop[1]
    by_day = events.groupby("day").size()
    busiest = {f"{day:%Y-%m-%d}" for day in by_day.nlargest(len(facts["days"])).index}
    assert busiest == set(facts["days"])
    orders = events[events["order"]]
    shares = orders[orders["category"] == facts["category"]].groupby("month").size() / orders.groupby("month").size()
    assert f"{shares.idxmax():%Y-%m-%d}" == facts["category_month"]
    at_hour = events["happened_at"].dt.hour == facts["hour"]
    assert f"{at_hour.groupby(events['month']).mean().idxmax():%Y-%m-%d}" == facts["hour_month"]


def test_a_quiet_shop_has_no_anomaly(tmp_path: Path):
    _, facts = simulated(tmp_path, users=60, months=3, quiet=True)
    assert facts["days"] == []
    assert (facts["category_month"], facts["hour_month"], facts["double_month"]) == (None, None, None)


def test_a_city_of_the_log_is_unknown_to_the_map(shop: tuple[Path, dict], events: pd.DataFrame):
    cities = set(pd.read_csv(shop[0] / "cities.csv")["city"])
    assert set(events["city"]) - cities == {shop[1]["city_without_coordinates"], "unknown"}
    assert set(planted.CITIES) - cities == {shop[1]["city_without_coordinates"]}

"""Sources as people have them, from their files to features and labels, on both engines."""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import Engine, Feature, NoEvent, Population, Snapshots, SnapshotSpec
from lake import Column, Dimension, Ingested, Lookup, Source, view_sql

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
        self.taken: dict[str, list[int]] = defaultdict(list)

    def write(self, files: Mapping[str, Sequence[str]]) -> None:
        """Write raw files, a line for each text."""
        for name, lines in files.items():
            (self.raw / name).parent.mkdir(exist_ok=True)
            (self.raw / name).write_text("\n".join([*lines, ""]))

    def snapshots(self, spec: SnapshotSpec) -> Snapshots:
        """The snapshots of what is in the raw files now."""
        for source in spec.sources:
            self.taken[source.name].append(self._ingest(source, self.raw, self.lake).taken)
        return Snapshots(self.lake, spec)

    def rows(self, spec: SnapshotSpec, day: date = MARCH_1) -> pd.DataFrame:
        """The snapshot of a day, by customer."""
        snapshots = self.snapshots(spec)
        snapshots.build(lambda: self.engine, [day])
        return pd.read_parquet(snapshots.path(day)).set_index("customer_id").sort_index()


@pytest.fixture
def shop(tmp_path: Path, ingest_source: Callable[[Source, Path, Path], Ingested], engine: Engine) -> Shop:
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


CATEGORIES = Dimension(
    "categories", "categories.csv", "category_id",
    columns=(Column("category_id", "string", "the category"), Column("label", "string", "its name")),
)  # fmt: skip
PRODUCTS = Dimension(
    "products", "products.csv", "product_id",
    columns=(Column("product_id", "string", "the product"), Column("category_id", "string", "its category")),
    lookups=(Lookup(CATEGORIES, key="category_id", on="category_id", columns=(("category", "upper(label)"),)),),
)  # fmt: skip
PRICES = Dimension(
    "prices", "prices.csv", "product_id", event_time="changed_on", known_time="entered_on",
    columns=(
        Column("product_id", "string", "the product"), Column("changed_on", "date", "from when the price holds"),
        Column("entered_on", "date", "when it was entered"), Column("price", "double", "of a piece"),
    ),
)  # fmt: skip
PEOPLE = Dimension(
    "people", "people.csv", "customer_id",
    columns=(CUSTOMER, Column("born", "bigint", "year of birth"), Column("card_ends", "date", "end of the card")),
)  # fmt: skip
CAMPAIGNS = Dimension(
    "campaigns", "campaigns.csv", "campaign_id",
    columns=(Column("campaign_id", "bigint", "the campaign"), Column("starts_on", "date", "its first day")),
)  # fmt: skip
CONTACTS = Source(
    "contacts", "contacts.csv", "customer_id", "starts_on",
    (CUSTOMER, Column("campaign_id", "bigint", "the campaign")),
    lookups=(Lookup(CAMPAIGNS, key="campaign_id", on="campaign_id", columns=(("starts_on", "starts_on"),)),),
)  # fmt: skip
PLAIN_SALES = Source(
    "sales", "sales.csv", "customer_id", "day",
    (CUSTOMER, Column("day", "date", "when"), Column("product_id", "string", "what")),
)  # fmt: skip
SALES = replace(
    PLAIN_SALES,
    lookups=(
        Lookup(PRODUCTS, key="product_id", on="product_id", columns=(("category", "category"),)),
        Lookup(PRICES, key="product_id", on="product_id", columns=(("price", "price"), ("cents", "price * 100"))),
    ),
)
FILES = {
    "categories.csv": ["category_id,label", "f,food", "t,tools"],
    "products.csv": ["product_id,category_id", "apple,f", "hammer,t", "lamp,x"],
    "prices.csv": [
        "product_id,changed_on,entered_on,price",
        "apple,1997-01-01,1997-01-01,1",
        "apple,1997-02-01,1997-02-01,2",
        "apple,1997-02-10,1997-02-20,9",  # entered later than the sales of the days between
        "hammer,1997-02-05,1997-02-05,30",
    ],
    "people.csv": ["customer_id,born,card_ends", "1,1950,1997-03-11", "3,1970,1997-02-27"],
    "campaigns.csv": ["campaign_id,starts_on", "7,1996-11-30", "8,1997-02-27", "9,1997-03-01"],
    "contacts.csv": ["customer_id,campaign_id", "1,7", "1,8", "1,9", "2,8", "2,66"],
    "sales.csv": [
        "customer_id,day,product_id",
        "1,1997-01-31,apple",
        "1,1997-02-01,apple",
        "1,1997-02-12, apple\u00a0",  # an invisible space: read before the lookup was declared
        "1,1997-02-20,apple",
        "2,1997-02-04,hammer",
        "2,1997-02-05,hammer",
        "2,1997-02-06,lamp",
        "2,1997-02-28,saw",
        "3,1997-02-28,hammer",
    ],
}


def number(source: str, aggregation: str, **rest: Any) -> Feature:
    return Feature(source, aggregation, "unit", "null", "reason", "description", **rest)  # type: ignore[arg-type]


FEATURES = (
    number("sales", "count"),
    number("sales", "count", where="category = 'FOOD'", what="food"),
    number("sales", "distinct", measure="category"),
    number("sales", "sum", measure="price"),
    number("sales", "last", measure="cents"),
    number("people", "state", measure="born"),
    number("people", "days_until", measure="card_ends"),
    number("contacts", "count"),
    number("contacts", "count", window=90),
    number("contacts", "days_since_last"),
)
WANTED = pd.DataFrame(
    {
        "sales_count_all": [4, 4, 1],
        "sales_food_count_all": [4, 0, 0],
        "sales_category_distinct_all": [1, 1, 1],
        "sales_price_sum_all": [1 + 2 + 2 + 9, 30, 30],
        "sales_cents_last_all": [900, 3000, 3000],
        "people_born_state": [1950, None, 1970],
        "people_card_ends_days_until": [10, None, -2],
        "contacts_count_all": [2, 1, 0],
        "contacts_count_90d": [1, 1, 0],
        "contacts_days_since_last": [2, 2, None],
    },
    index=pd.Index([1, 2, 3], name="customer_id"),
    dtype="float64",
)
OTHERS = (CATEGORIES, PRODUCTS, PRICES, PEOPLE, CAMPAIGNS, CONTACTS)
SOLD = NoEvent("sales", 10)


def test_dimensions_are_looked_up_and_versions_are_those_of_the_events_time(shop: Shop):
    shop.write(FILES)
    shop.snapshots(spec(PLAIN_SALES, features=(), label=SOLD))
    with_lookups = spec(SALES, *OTHERS, features=FEATURES, label=SOLD)
    snapshots = shop.snapshots(with_lookups)
    assert shop.taken["sales"] == [1, 0], "a new lookup does not read the log again"
    assert (str(snapshots.coverage.start), snapshots.latest) == ("1997-01-31", MARCH_1)
    rows = shop.rows(with_lookups)
    pd.testing.assert_frame_equal(rows[list(WANTED)], WANTED, check_index_type=False)
    made_alone = snapshots.backfill(shop.engine, [MARCH_1, date(1997, 2, 28)], shop.lake / "backfill")
    anew = pd.read_parquet(made_alone[0]).set_index("customer_id").sort_index()
    pd.testing.assert_frame_equal(anew[list(WANTED)], WANTED, check_index_type=False)


def test_a_morning_after_another_is_as_one_made_from_all_rows(shop: Shop):
    """A dimension changed, and the log has a day more: nothing of it is read as it was."""
    shop.write(FILES)
    project = spec(SALES, *OTHERS, features=FEATURES, label=SOLD)
    shop.rows(project)
    shop.write({
        "categories.csv": ["category_id,label", "f,food", "t,food"],
        "campaigns.csv": ["campaign_id,starts_on", "7,1996-11-30", "8,1997-02-25", "9,1997-03-01"],
        "sales.csv": [*FILES["sales.csv"], "3,1997-03-01,apple"],
    })  # fmt: skip
    morning = shop.rows(project, date(1997, 3, 2))
    assert morning["sales_food_count_all"].to_dict() == {1: 4, 2: 2, 3: 2}
    assert morning["contacts_count_all"].to_dict() == {1: 3, 2: 1, 3: 0}
    assert morning["contacts_days_since_last"].to_dict()[2] == 5
    snapshots = Snapshots(shop.lake, project)
    made_alone = snapshots.backfill(shop.engine, [date(1997, 3, 2)], shop.lake / "backfill")
    anew = pd.read_parquet(made_alone[0]).set_index("customer_id").sort_index()
    pd.testing.assert_frame_equal(anew[list(WANTED)], morning[list(WANTED)])


@pytest.mark.parametrize("known_time", [None, "entered_on"], ids=["known with a lag", "known at a time of its own"])
@pytest.mark.on_spark_too
def test_the_version_of_every_row_is_the_one_that_the_reference_says(shop: Shop, known_time: str | None):
    rng = random.Random(3)  # noqa: S311
    start = datetime(1997, 1, 1, tzinfo=UTC)

    def moment(day: datetime, most: int) -> datetime:
        return day + timedelta(hours=6 * rng.randrange(4 * most))

    versions = []
    for product in ("apple", "hammer"):
        changes = sorted({moment(start, 40) for _ in range(25)})
        versions += [(product, at, moment(at, 9), price) for price, at in enumerate(changes)]
    sales = [(n, rng.choice(["apple", "hammer", "lamp"]), at := moment(start, 45), moment(at, 6)) for n in range(300)]
    times = (Column("at", "timestamp", "when"), Column("entered_on", "timestamp", "when it was known"))
    prices = Dimension(
        "prices", "x", "product_id", event_time="at", known_time=known_time, known_lag_days=0 if known_time else 3,
        columns=(Column("product_id", "string", "the product"), *times, Column("price", "bigint", "of a piece")),
    )  # fmt: skip
    log = Source(
        "sales", "x", "customer_id", "at", (CUSTOMER, Column("product_id", "string", "what"), *times),
        known_time="entered_on", lookups=(Lookup(prices, "product_id", "product_id", (("price", "price"),)),),
    )  # fmt: skip

    def literal(value: Any) -> str:
        return f"timestamp'{value:%Y-%m-%d %H:%M:%S}'" if isinstance(value, datetime) else repr(value)

    def values(rows: Sequence[tuple[Any, ...]]) -> str:
        return ", ".join(f"({', '.join(map(literal, row))})" for row in rows)

    for name, columns, rows in (("prices", "product_id, at, entered_on, price", versions),
                                ("sales", "customer_id, product_id, at, entered_on", sales)):  # fmt: skip
        shop.engine.keep(f"lake_{name}", f"select * from values {values(rows)} as t({columns})")
    result = dict(shop.engine.rows(f"select customer_id, price from ({view_sql(log)})"))  # type: ignore[arg-type]

    def known_day(at: datetime, entered_on: datetime) -> date:
        return entered_on.date() if known_time else at.date() + timedelta(days=3)

    def price(product: str, at: datetime, known_at: datetime) -> int | None:
        able = [(since, number) for of, since, entered_on, number in versions
                if of == product and since <= at and known_day(since, entered_on) <= known_at.date()]  # fmt: skip
        return max(able)[1] if able else None

    wanted = {number: price(product, at, known_at) for number, product, at, known_at in sales}
    assert result == wanted
    assert None in wanted.values()
    assert len(set(wanted.values())) > 10


EVENTS = Source(
    "events",
    "events.csv",
    "customer_id",
    "at",
    (
        CUSTOMER,
        Column("at", "timestamp", "local time"),
        Column("loaded_at", "timestamp", "in UTC", time_zone="UTC"),
        Column("local_day", "date", "the local day"),
        Column("kind", "string", "what it was", words=(("visit", "V"), ("call", "C")), nullable=True),
    ),
    known_time="loaded_at",
    time_zone="America/New_York",
    max_quarantined=0.5,
)
LOCAL_DAYS = replace(EVENTS, name="local_days", event_time="local_day", known_time=None)
ZONED = [
    "customer_id,at,loaded_at,local_day,kind",
    "1,1997-02-28 18:59:59,1997-02-28 23:59:59,1997-02-28,V",
    "1,1997-02-28 19:00:00,1997-03-01 00:00:00,1997-02-28,V",  # midnight of the project, whose days are those of UTC
    "2,1997-02-27 20:00:00,1997-02-28 02:00:00,1997-02-27,C",
    "2,1997-02-25T20:00:00-05:00,1997-02-26 02:00:00,1997-02-25,",
    "3,1997-02-26 12:00:00,1997-03-01 00:30:00,1997-02-26,C",
    "3,1997-02-26 12:00:00,1997-02-26 18:00:00,1997-02-26,X",
]


def test_moments_are_read_in_the_zone_of_their_source_or_column_and_days_as_they_are(shop: Shop):
    shop.write({"events.csv": ZONED})
    features = [
        number("events", "count"),
        number("events", "days_since_last"),
        number("events", "sum", measure="kind_call"),
        number("events", "count", where="kind = 'V'", what="visits"),
        number("local_days", "count"),
        number("local_days", "days_since_last"),
    ]
    rows = shop.rows(spec(EVENTS, LOCAL_DAYS, features=features, label=NoEvent("events", 10)))
    wanted = {
        "events_count_all": [1, 2, 0],
        "events_days_since_last": [1, 1, None],
        "events_kind_call_sum_all": [0, 1, 0],
        "events_visits_count_all": [1, 0, 0],
        "local_days_count_all": [2, 2, 1],
        "local_days_days_since_last": [1, 2, 3],
    }
    index = pd.Index([1, 2, 3], name="customer_id")
    pd.testing.assert_frame_equal(rows[list(wanted)], pd.DataFrame(wanted, index, dtype="float64"))


def test_a_word_that_is_not_declared_is_put_aside_with_the_words_that_are(shop: Shop):
    shop.write({"events.csv": ZONED})
    shop.snapshots(spec(EVENTS, features=()))
    aside = pd.concat(map(pd.read_parquet, (shop.lake / "shop" / "quarantine" / "events").iterdir()))
    assert aside["reason"].tolist() == ["kind: not one of V, C: X"]

"""Which rows are kept, which are put aside and why: one file with all of them, one ingest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lake import Ingested, Table
from tests.spark.lake.shop import ORDERS, line, rows_of, write

pytestmark = pytest.mark.on_spark_too

#: description -> the row's text, and what its reason must say.
BAD = {
    "a word for a date": (line(28, day="soon"), "day: not a date: soon"),
    "a thirteenth month": (line(28, day="1997-13-01"), "day: not a date: 1997-13-01"),
    "a day that does not exist": (line(28, day="1997-02-30"), "day: not a date: 1997-02-30"),
    "a date with digits left out": (line(28, day="1997-1-5"), "day: not a date: 1997-1-5"),
    "a year for a date": (line(28, day="1997"), "day: not a date: 1997"),
    "a moment for a date": (line(28, day="1997-01-05 10:00:00"), "day: not a date: 1997-01-05 10:00:00"),
    "no date": (line(28, day=""), "day: empty"),
    "spaces for a date": (line(28, day="   "), "day: empty"),
    "text for a number": (line(28, user_id="seven"), "user_id: not a bigint: seven"),
    "a fraction for a whole number": (line(28, user_id="1.5"), "user_id: not a bigint: 1.5"),
    "a number too long to hold": (line(28, user_id="9" * 20), f"user_id: not a bigint: {'9' * 20}"),
    "nobody": (line(28, user_id=""), "user_id: empty"),
    "below the lowest": (line(28, user_id="0"), "user_id: below 1: 0"),
    "negative": (line(28, price="-0.01"), "price: below 0: -0.01"),
    "minus infinity": (line(28, price="-Infinity"), "price: "),
    "not a number, by name": (line(28, price="NaN"), "price: not finite: NaN"),
    "infinity": (line(28, price="Infinity"), "price: not finite: Infinity"),
    "too large to hold": (line(28, price="1e999"), "price: not finite: 1e999"),
    "a price with its currency": (line(28, price="12 USD"), "price: not a double: 12 USD"),
    "a decimal comma in quotes": (line(28, price='"1,5"'), "price: not a double: 1,5"),
    "a Java literal": (line(28, price="12d"), "price: not a double: 12d"),
    "a hexadecimal literal": (line(28, price="0x1p3"), "price: not a double: 0x1p3"),
    "a word for a moment": (line(28, seen="later"), "seen: not a timestamp: later"),
    "a moment with digits left out": (line(28, seen="1997-1-5"), "seen: not a timestamp: 1997-1-5"),
    "a year for a moment": (line(28, seen="1997"), "seen: not a timestamp: 1997"),
    "a time of no day": (line(28, seen="12:30"), "seen: not a timestamp: 12:30"),
    "the moment of reading": (line(28, seen="now"), "seen: not a timestamp: now"),
    "a field too few": ("28,1997-01-28,,28.5", "4 fields instead of the 5 of the header"),
    "a field too many": (line(28, note="x,y"), "6 fields instead of the 5"),
    "a word alone": ("total", "1 fields instead of the 5"),
}

MORNING = datetime(1997, 1, 5, 10, 30, tzinfo=UTC)
#: description -> the row's text, and the values it must have.
GOOD = {
    "as it should be": (line(note="plain"), {"user_id": 1, "day": date(1997, 1, 1), "price": 1.5, "note": "plain"}),
    "spaces around": (" 2 , 1997-01-02 ,, 2.5 , spaced ", {"user_id": 2, "price": 2.5, "note": "spaced"}),
    "nothing where nothing is allowed": (line(3, note=""), {"user_id": 3, "seen": None, "note": None}),
    "quotes around": ('"4","1997-01-04","","4.5","quoted"', {"user_id": 4, "price": 4.5, "note": "quoted"}),
    "a comma in quotes": (line(5, note='"this, and that"'), {"user_id": 5, "note": "this, and that"}),
    "quotes in quotes": (line(6, note='"he said ""no"", twice"'), {"user_id": 6, "note": 'he said "no", twice'}),
    "a backslash last": (line(7, note='"C:\\"'), {"user_id": 7, "note": "C:\\"}),
    "a moment": (line(8, seen="1997-01-05 10:30:00"), {"user_id": 8, "seen": MORNING}),
    "a moment as ISO has it": (line(9, seen="1997-01-05T10:30:00Z"), {"user_id": 9, "seen": MORNING}),
    "another alphabet": (line(10, note="причал"), {"user_id": 10, "note": "причал"}),
    "a number with an exponent": (line(11, price="1.5e2"), {"user_id": 11, "price": 150.0}),
    "the lowest value": (line(12, price="0"), {"user_id": 12, "price": 0.0}),
    "a leap day": (line(13, day="1996-02-29"), {"user_id": 13, "day": date(1996, 2, 29)}),
}


@pytest.fixture(scope="module")
def taken(ingest_source: Callable[..., Ingested], tmp_path_factory: pytest.TempPathFactory) -> tuple[Ingested, Table]:
    lake, raw = tmp_path_factory.mktemp("lake"), tmp_path_factory.mktemp("raw")
    write(raw, *(text for text, _ in GOOD.values()), "", *(text for text, _ in BAD.values()))
    source = replace(ORDERS, max_quarantined=0.9)
    return ingest_source(source, raw, lake), Table(lake, "shop", "orders")


@pytest.fixture(scope="module")
def aside(taken: tuple[Ingested, Table]) -> dict[str, str]:
    """Raw text -> reason, of the rows put aside."""
    done, table = taken
    rows = rows_of([table.quarantine / done.manifest.files["orders.csv"].batch])
    assert {row["file"] for row in rows} == {"orders.csv"}
    return {row["raw"]: row["reason"] for row in rows}


@pytest.fixture(scope="module")
def remaining(taken: tuple[Ingested, Table]) -> dict[int, dict[str, Any]]:
    """Rows kept, by user."""
    # Moments as text: how Python shows one depends on the machine's own time zone.
    rows = rows_of(taken[1].folders(), "user_id, day, seen, price, note")
    return {row["user_id"]: row for row in rows}


@pytest.mark.parametrize(("text", "reason"), BAD.values(), ids=BAD)
def test_a_row_that_cannot_be_used_is_put_aside_with_its_text_and_why(text: str, reason: str, aside: dict[str, str]):
    result = aside.get(text)
    assert result is not None, "the row was not put aside"
    assert result.startswith(reason)


@pytest.mark.parametrize(("text", "values"), GOOD.values(), ids=GOOD)
def test_a_row_that_can_be_used_is_kept_with_its_values(
    text: str, values: dict[str, Any], remaining: dict[int, dict[str, Any]]
):
    row = remaining.get(values["user_id"])
    assert row is not None, "the row was not kept"
    assert {name: row[name] for name in values} == values


def test_every_row_is_accounted_for_and_an_empty_line_is_none(taken: tuple[Ingested, Table]):
    manifest = taken[0].manifest
    assert manifest.rows_in == len(GOOD) + len(BAD)
    assert manifest.rows_in == manifest.rows_kept + manifest.duplicates + manifest.quarantined

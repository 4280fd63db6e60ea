"""Dimensions and lookups: what can be declared, and what a change of them leaves as it is."""

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from features.declare.declaration_checks import check
from lake import Begins, Column, DayChecksum, Dimension, Lookup, Source, Table, ingest
from lake.declarations import DeclarationError
from lake.ingestion.ingest import VERSION
from lake.ingestion.raw_files import RawFileError, find_files
from lake.source import UNDATED
from lake.table import IngestedFile, Manifest, Month
from stack.folders.checked_folder import seal
from tests.unit.builders import feature, is_one_sentence, source

PLAN, PRICE = Column("plan", "string", "the plan"), Column("price", "double", "a month")
DAY, START = Column("since", "date", "from when it holds"), Column("starts_on", "date", "first day", nullable=True)
PLANS = Dimension("plans", "plans.csv", "plan", columns=(PLAN, PRICE, START))
VERSIONS = Dimension("plans", "plans.csv", "plan", event_time="since", columns=(PLAN, PRICE, DAY))


def lookup(dimension: Source = PLANS, on: str = "device", **columns: str) -> Lookup:
    return Lookup(dimension, key="plan", on=on, columns=tuple((columns or {"price": "price"}).items()))


def test_a_dimension_without_dates_has_one_row_for_a_key_and_never_ends_the_data():
    assert (PLANS.key, PLANS.has_versions, PLANS.is_dated, PLANS.limits_coverage) == (("plan",), False, False, False)
    assert [column.name for column in PLANS.in_files] == ["plan", "price", "starts_on"]
    assert replace(PLANS, files="other.csv").columns == PLANS.columns


def test_a_dimension_with_a_date_of_change_has_versions_and_never_ends_the_data():
    assert (VERSIONS.key, VERSIONS.has_versions, VERSIONS.is_dated) == (("plan", "since"), True, True)
    assert not VERSIONS.limits_coverage
    assert [column.name for column in VERSIONS.columns] == ["plan", "price", "since"]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        pytest.param(lambda: lookup(on="devise"), "visits has no column devise; it has", id="no column to compare"),
        pytest.param(
            lambda: Lookup(source(), key="device", on="device", columns=()),
            r"Lookup in visits: device is not its key, .* declare visits with key=\('device',\), or as a Dimension",
            id="a source with several rows",
        ),
        pytest.param(lambda: Lookup(PLANS, key="plam", on="device", columns=()), "no column plam", id="no such key"),
        pytest.param(
            lambda: replace(PLANS, name="offers", lookups=(lookup(VERSIONS, on="plan", fee="price"),)),
            "Source offers: it has no dates, so no version of plans can be looked up",
            id="a version at no time",
        ),
    ],
)
def test_a_lookup_declared_wrong_is_told(declared: Any, message: str):
    with pytest.raises(DeclarationError, match=message) as caught:
        source(lookups=(declared(),))
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"begins": "price"}, id="a number"),
        pytest.param({"begins": "date_add(starts_on, 1)"}, id="an expression"),
    ],
)
def test_an_event_time_that_is_looked_up_must_be_a_time(columns: dict[str, str]):
    with pytest.raises(DeclarationError, match="its event time begins comes from plans; it must be a date") as caught:
        source(event_time="begins", lookups=(lookup(**columns),))
    assert is_one_sentence(caught.value)
    with pytest.raises(DeclarationError, match="without versions"):
        source(event_time="begins", lookups=(lookup(VERSIONS, begins="since"),))


def test_a_looked_up_event_time_is_not_stored():
    declared = source(event_time="begins", lookups=(lookup(begins="starts_on"),))
    assert (declared.has_own_time, declared.is_dated, declared.limits_coverage) == (False, False, False)
    assert (declared.kind("begins"), declared.stored.event_time) == ("date", UNDATED)
    assert declared.stored.in_files == declared.in_files


def test_what_is_applied_when_features_are_computed_does_not_change_the_stored_declaration():
    changes: tuple[dict[str, Any], ...] = (
        {"lookups": (lookup(),)}, {"measures": (("hours", "minutes / 60"),)}, {"retention_days": 9},
        {"begins": Begins(source(name="people"), "day")},
    )  # fmt: skip
    assert [repr(source(**change).stored) for change in changes] == [repr(source())] * len(changes)
    assert "device" in source(lookups=(lookup(),)).stored.key_columns, "its texts are read without invisible characters"


def test_declarations_of_earlier_releases_have_the_text_that_they_had():
    text = repr(source())
    assert text.startswith(
        "Source(name='visits', files='visits*.csv', entity='user_id', event_time='day', columns=(Col"
    )
    assert text.endswith("lookups=(), begins=None, measures=(), retention_days=None, max_quarantined=0.01)")
    assert repr(source(sparse=True)).endswith("max_quarantined=0.01, sparse=True)")


def test_a_looked_up_number_is_a_measure_and_a_looked_up_text_is_not():
    declared = source(lookups=(lookup(fee="price", double_fee="price * 2", label="plan"),))
    assert [declared.measure(name) for name in ("fee", "double_fee")] == ["fee", "double_fee"]
    with pytest.raises(DeclarationError, match="label is not a number"):
        declared.measure("label")


@pytest.mark.parametrize(
    ("features", "sources", "message"),
    [
        pytest.param(
            [feature("count", source="plans")], (source(), PLANS),
            "plans has no dates, so count means nothing; use state or days_until", id="a count of what has no dates",
        ),
        pytest.param([], (PLANS,), "No source says until when the data is complete", id="dimensions only"),
        pytest.param([], (source(sparse=True),), "No source says until when", id="sparse sources only"),
        pytest.param(
            [], (source(lookups=(lookup(),)),), "Source visits: plans, which it refers to, is not among the project's",
            id="a lookup that is not ingested",
        ),
    ],
)  # fmt: skip
def test_sources_that_do_not_fit_together_are_told(features: Any, sources: tuple[Source, ...], message: str):
    with pytest.raises(DeclarationError, match=message) as caught:
        check(features, sources)
    assert is_one_sentence(caught.value)


def test_what_a_dimension_says_of_the_entity_is_a_feature():
    people = Dimension("people", "people.csv", "user_id", columns=(Column("user_id", "bigint", "whom"), PRICE, START))
    state, until = feature("state", source="people", measure="price"), feature("days_until", source="people",
                                                                              measure="starts_on")  # fmt: skip
    check([state, until], [source(), people], entity="user_id")


def ingested(folder: Path, declared: Source, digest: str) -> Table:
    """A table that holds the only file of the raw folder, read with a declaration of that digest."""
    raw = folder / "raw" / "1997-02-02"
    raw.mkdir(parents=True)
    (raw / "visits.csv").write_text("user_id,day,loaded,minutes,device\n1,1997-02-01,1997-02-01 10:00:00,5,tv\n")
    (file,) = find_files(declared, folder / "raw", date(1997, 3, 1))
    table = Table(folder / "lake", "shop", "visits")
    for part in (table.batch("b"), table.month("1997-02", "d")):
        part.mkdir(parents=True)
        parquet.write_table(pa.table({"user_id": [1]}), part / "rows.parquet")
        seal(part)
    month = Month("d", 0, (DayChecksum("1997-02-01", "1997-02-01", 1, 7),))
    files = {file.name: IngestedFile(file.content, "b", 0, "1997-02-02", 1, 0, {"1997-02": 1})}
    table.publish(Manifest("m", digest, "1997-02-01", "1997-02-02", files, {"1997-02": month}))
    return table


def test_a_table_of_an_earlier_release_is_kept_and_a_later_change_of_a_lookup_reads_nothing_again(tmp_path: Path):
    declared = source(files="*/visits.csv", lookups=(lookup(),), measures=(("hours", "minutes / 60"),))
    before = hashlib.sha256(repr((VERSION, declared, "UTC")).encode()).hexdigest()[:16]  # as earlier releases did
    table = ingested(tmp_path, declared, before)

    def read(changed: Source) -> int:
        return ingest(lambda: pytest.fail("Spark was started"), changed, tmp_path / "raw", table).taken

    assert read(declared) == 0
    assert table.require().declaration_digest != before
    assert read(replace(declared, lookups=(lookup(fee="price * 2"),), measures=())) == 0
    (tmp_path / "raw" / "1997-02-02").rename(tmp_path / "raw" / "1997-02-03")  # so the older one is missing
    with pytest.raises(RawFileError, match=r"The declaration of source visits changed, .* bring them back"):
        read(replace(declared, columns=declared.columns[:-1], lookups=()))

"""Mistakes in a source are told where it is declared, by name."""

from dataclasses import replace
from typing import Any

import pytest

from lake import Column
from lake.declarations import DeclarationError
from tests.unit.builders import is_one_sentence, source

USER, DAY = Column("user_id", "bigint", "whom"), Column("day", "date", "when")


@pytest.mark.parametrize(
    ("declared", "expected_text"),
    [
        pytest.param({"name": "User Id"}, "'User Id' must be lower-case", id="a name as in a sentence"),
        pytest.param({"name": "2fast"}, "'2fast' must be lower-case", id="a name that starts with a digit"),
        pytest.param({"name": "x; drop table y"}, "must be lower-case", id="a name that is SQL"),
        pytest.param({"name": "date\n"}, "must be lower-case", id="a name with a line break"),
        pytest.param({"name": ""}, "'' must be lower-case", id="no name"),
        pytest.param({"type": "string", "lowest": 1}, "minutes: only a number has a lowest value", id="lowest text"),
        pytest.param({"type": "date", "lowest": 1}, "minutes: only a number has a lowest value", id="lowest date"),
        pytest.param({"type": "int"}, "minutes.*int", id="a type that is not one of ours"),
        pytest.param({"type": "date", "time_zone": "UTC"}, "only a timestamp .* has a time zone", id="a day in a zone"),
        pytest.param(
            {"type": "timestamp", "epoch": True, "time_zone": "UTC"},
            "no epoch has a time zone",
            id="an epoch in a zone",
        ),
        pytest.param(
            {"type": "timestamp", "time_zone": "Mars/Base"}, "minutes: time zone Mars/Base does not exist", id="no zone"
        ),
        pytest.param({"words": (("few", "1"),)}, "only a string has a list of values", id="words of a number"),
        pytest.param(
            {"type": "string", "words": (("A few", "1"),)},
            "the name 'A few' of the word '1' must be",
            id="a word's name",
        ),
        pytest.param(
            {"type": "string", "words": (("few", "1"), ("few", "2"))}, "its own name and text", id="one name twice"
        ),
        pytest.param(
            {"type": "string", "words": (("few", "1"), ("some", "1"))}, "its own name and text", id="one text twice"
        ),
        pytest.param(
            {"type": "string", "words": (("few", "1"),), "values": ("2",)}, "`values` or `words`", id="words and values"
        ),
    ],
)
def test_a_wrong_column_declaration_is_an_error(declared: dict[str, Any], expected_text: str):
    with pytest.raises(DeclarationError, match=expected_text) as caught:
        Column(**{"name": "minutes", "type": "double", "description": "how long", **declared})
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("declared", "expected_text"),
    [
        pytest.param({"name": "my-visits"}, "Source name 'my-visits'", id="a name with a dash"),
        pytest.param({"entity": "customer"}, "visits has no column customer; it has user_id, day", id="no entity"),
        pytest.param({"event_time": "at"}, "visits has no column at; it has", id="no event time"),
        pytest.param({"known_time": "seen"}, "visits has no column seen; it has", id="no known time"),
        pytest.param({"key": ("user_id", "visit")}, "visits has no column visit; it has", id="no key"),
        pytest.param({"event_time": "minutes"}, "visits: minutes is a double, not a date", id="a number as time"),
        pytest.param({"known_time": "device"}, "visits: device is a string, not a date", id="a text as time"),
        pytest.param({"columns": (USER, DAY, DAY)}, "visits.*day", id="one column twice"),
        pytest.param({"time_zone": "Mars/Base"}, "Source visits: time zone Mars/Base does not", id="no time zone"),
        pytest.param({"max_quarantined": 5}, "visits.*max_quarantined", id="a per cent as a share"),
        pytest.param({"max_quarantined": -0.1}, "visits.*max_quarantined", id="a negative share"),
        pytest.param(
            {"columns": (Column("user_id", "bigint", "whom", nullable=True), DAY)},
            "visits.*user_id",
            id="rows about nobody",
        ),
        pytest.param(
            {"columns": (USER, Column("day", "date", "when", nullable=True))}, "visits.*day", id="rows at no time"
        ),
        pytest.param(
            {"columns": (USER, DAY, Column("event_month", "string", "a column of the lake's own"))},
            "visits.*event_month",
            id="a column that the lake would overwrite",
        ),
    ],
)
def test_a_wrong_source_declaration_is_an_error(declared: dict[str, Any], expected_text: str):
    with pytest.raises(DeclarationError, match=expected_text) as caught:
        source(**declared)
    assert is_one_sentence(caught.value)


def test_a_source_declared_right_finds_its_columns():
    declared = source(known_time="loaded", key=("user_id", "day"), max_quarantined=0)
    assert declared.column("minutes").type == "double"


def test_each_word_of_a_column_is_a_measure_and_no_other_text_is_true():
    status = Column("status", "string", "how it ended", words=(("paid", "1"), ("failed", "it's \\ 2")))
    declared = source(columns=(*source().columns, status))
    assert status.values == ("1", "it's \\ 2")
    assert declared.measure("status_paid") == "int(status = '1')"
    assert declared.value("status_failed") == "int(status = 'it\\'s \\\\ 2')"
    assert replace(status, description="how it went").values == status.values
    with pytest.raises(DeclarationError, match=r"a column is declared twice in .*status_paid"):
        source(columns=(*declared.columns, Column("status_paid", "string", "another")))


def test_a_columns_new_fields_are_in_its_text_only_where_they_are_used():
    before = "nullable=True, epoch=False, personal=False)"  # as earlier releases hashed it
    assert repr(source().column("minutes")).endswith(before)
    assert repr(Column("at", "timestamp", "when", time_zone="UTC")).endswith("personal=False, time_zone='UTC')")


def test_asking_for_a_column_that_is_not_there_lists_those_that_are():
    with pytest.raises(DeclarationError, match=r"visits has no column age; it has user_id, day, loaded, minutes, dev"):
        source().column("age")

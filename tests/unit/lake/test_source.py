"""Mistakes in a source are told where it is declared, by name."""

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


def test_asking_for_a_column_that_is_not_there_lists_those_that_are():
    with pytest.raises(DeclarationError, match=r"visits has no column age; it has user_id, day, loaded, minutes, dev"):
        source().column("age")

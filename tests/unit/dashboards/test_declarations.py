"""Pages name queries that exist, with columns that the queries declare."""

import re

import pytest

from dashboards.page import Chart, DataTable, KeyFigures
from dashboards.pages import load_dashboards
from dashboards.query import QueryError, load_query, parse_query, query_names
from dashboards.units import UNITS, show_value

COMPLETE = """-- title: Sales
-- description: Sums.
-- empty: No sales yet.
-- column: day | Day | date | day of the sale
select day from sales where city = %(city)s;
"""


@pytest.mark.parametrize("line", ["title", "description", "empty", "column"])
def test_a_query_without_a_part_of_its_header_is_refused(line: str):
    content = "\n".join(text for text in COMPLETE.splitlines() if not text.startswith(f"-- {line}:"))
    with pytest.raises(QueryError, match=rf"sales.*{line}"):
        parse_query("sales", content)


def test_a_query_with_an_unknown_unit_is_refused():
    with pytest.raises(QueryError, match=r"day \| Day \| week.*with a unit of text, date"):
        parse_query("sales", COMPLETE.replace("| date |", "| week |"))


def test_a_header_and_its_values_are_read():
    query = parse_query("sales", COMPLETE)
    assert (query.title, query.has_people, query.parameters) == ("Sales", False, {"city"})
    assert query.text == "select day from sales where city = %(city)s"


@pytest.mark.parametrize("name", query_names())
def test_every_query_has_a_complete_header(name: str):
    query = load_query(name)
    assert len({column.name for column in query.columns}) == len(query.columns)
    assert not re.search(r"[a-z]_[a-z]", " ".join(column.label for column in query.columns))


def test_blocks_name_columns_of_their_queries():
    used = set()
    for dashboard in load_dashboards():
        for page in dashboard.pages:
            names = [block.query for block in page.blocks]
            assert len(set(names)) == len(names), f"{page.name}: a query twice"
            for block in page.blocks:
                assert isinstance(block, Chart | DataTable | KeyFigures)
                used.add(block.query)
                if isinstance(block, Chart):
                    columns = [block.x, *block.y, block.colour, block.low, block.high, block.size, block.label]
                    for column in filter(None, columns):
                        load_query(block.query).column(column)
                    used |= {block.marks} - {None}
            used |= {each.options for each in page.filters} - {None}
    assert used == set(query_names()), "a query without a page"


@pytest.mark.parametrize("unit", UNITS)
def test_a_null_is_shown_as_a_dash(unit: str):
    assert show_value(None, unit) == "–"


def test_values_are_shown_in_their_units():
    texts = [show_value(0.1234, "share"), show_value(12345.6, "money"), show_value(-0.021, "points")]
    assert texts == ["12.3%", "12,346", "-2.1 points"]

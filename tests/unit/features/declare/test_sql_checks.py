"""SQL texts of declarations are checked against the columns that they can name."""

import pytest

from features.declare.sql_checks import source_columns, sql_mistakes
from lake import Column, Dimension, Lookup
from tests.unit.builders import source

COLUMNS = {"status": ("paid", "open"), "amount": (), "day": (), "note": ()}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param("stauts = 'paid'", "stauts, which is no column of orders: amount, day, note, status", id="name"),
        pytest.param("orders.amount > 1", "names orders.amount, but a column is named without its source", id="source"),
        pytest.param("amout(note) > 1", "calls amout, which is no function of Spark", id="function"),
        pytest.param("levenshtien(note, 'a') < 2", "similar names are levenshtein", id="similar function"),
        pytest.param("amount = = 1", "is no SQL near '=', character 10", id="two operators"),
        pytest.param("amount >", "is no SQL near '>', character 8", id="no right side"),
        pytest.param("amount > 1)", "is no SQL near ')', character 11", id="a bracket too many"),
        pytest.param("amount 1", "is no SQL near '1', character 8", id="no operator"),
        pytest.param("status = 'paid", "a quote or a comment is not closed", id="an open quote"),
        pytest.param("", "must be exactly one SQL expression", id="nothing"),
        pytest.param("amount > 1; drop table x", "must be exactly one SQL expression", id="two statements"),
        pytest.param("amount > 1 -- large", "holds a comment", id="a comment"),
        pytest.param("sum(amount) > 1", "aggregates rows with SUM", id="an aggregate"),
        pytest.param("row_number() over (order by day) = 1", "aggregates rows with", id="a window"),
        pytest.param("amount > (select 1)", "holds a query", id="a query"),
        pytest.param("day > current_date", "calls CURRENT_DATE, whose value differs from run to run", id="today"),
        pytest.param("status = 'payed'", "with 'payed', which it never holds: it holds paid, open", id="a word"),
        pytest.param("status in ('paid', 'Open')", "with 'Open', which it never holds", id="a word of a list"),
    ],
)  # fmt: skip
def test_a_text_that_is_wrong_is_told(text: str, mistake: str):
    sentences = sql_mistakes(text, "orders", COLUMNS)
    assert len(sentences) == 1, sentences
    assert mistake in sentences[0]
    assert "\n" not in sentences[0]


@pytest.mark.parametrize(
    "text",
    [
        "status = 'paid' and amount between 1 and 2",
        "AMOUNT > 1",
        "int(amount) in (1, 2) or note is null",
        "get_json_object(note, '$.kind') = 'gift' or note rlike '^a'",
        "exists(split(note, ','), item -> item = 'x')",
        "if(status <> 'paid', cardinality(split(note, ',')), 0) > mod(amount, 2)",
        "case when day < date'2020-01-01' then amount end > 1",
    ],
)
def test_a_text_that_is_right_is_accepted(text: str):
    assert sql_mistakes(text, "orders", COLUMNS) == []


def test_a_looked_up_column_holds_what_the_other_source_holds():
    kind = Column("kind", "string", "of a plan", words=(("monthly", "M"), ("yearly", "Y")))
    plans = Dimension("plans", "plans.csv", "plan", columns=(Column("plan", "string", "the plan"), kind))
    lookup = Lookup(plans, key="plan", on="device", columns=(("kind", "kind"), ("both", "concat(plan, kind)")))
    assert source_columns(source(lookups=(lookup,)))["kind"] == ("M", "Y")
    assert source_columns(source(lookups=(lookup,)))["both"] == ()


def test_all_mistakes_of_a_text_are_told():
    sentences = sql_mistakes("stauts = 'x' and amout > 1 and sum(amount) > 1", "orders", COLUMNS)
    assert sorted(sentence.split(",")[0] for sentence in sentences) == [
        "aggregates rows with SUM(amount)", "names amout", "names stauts",
    ]  # fmt: skip


def test_of_many_names_only_similar_ones_are_listed():
    columns = {f"orders_count_{days}d": () for days in range(40)}
    assert sql_mistakes("orders_cuont_7d > 1", "the features", columns)[0].startswith(
        "names orders_cuont_7d, which is no column of the features; similar names are orders_count_7d, "
    )

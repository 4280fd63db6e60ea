"""Dates as a user gives them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from features.snapshots import AsOfError
from jobs.runtime.context import Context, DateError, parse_date
from stack.settings import Settings
from tests.unit.builders import is_one_sentence
from tests.unit.ready_tables import TABLE, ingest_source, project, rows


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("soon", id="a word"),
        pytest.param("", id="nothing"),
        pytest.param("1998-7-1", id="digits left out"),
        pytest.param("01.07.1998", id="another country's way"),
        pytest.param("1998-02-30", id="a day that does not exist"),
        pytest.param("1998-07-01T00:00:00", id="a moment"),
        pytest.param("1998-07", id="a month"),
        pytest.param("19980701", id="without dashes"),
        pytest.param("1998-W27-3", id="a day of a week"),
        pytest.param(" 1998-07-01", id="a space before"),
    ],
)
def test_the_error_quotes_the_text_that_is_no_date(text: str):
    with pytest.raises(DateError) as caught:
        parse_date(text)
    assert str(caught.value) == f"as_of {text!r} is not a date: write it as 1998-07-01, or latest."


def test_latest_is_the_day_after_the_last_day_of_data(context: Context):
    assert context.day("latest") == date(1998, 7, 1)
    assert context.day("1998-06-30") == date(1998, 6, 30)


@pytest.mark.parametrize("as_of", ["1997-01-01", "1998-07-02", "2026-01-01"])
def test_a_date_outside_the_data_is_an_error(as_of: str, context: Context):
    with pytest.raises(AsOfError, match=f"as_of {as_of} is outside the data of cdnow") as caught:
        context.day(as_of)
    assert is_one_sentence(caught.value)


def test_a_date_needs_the_months_before_it_and_itself(context: Context):
    dates = context.dates("1997-08-15")
    assert dates == [date(1997, month, 1) for month in (5, 6, 7, 8)] + [date(1997, 8, 15)]
    assert context.dates("1997-08-01") == dates[:-1]


def test_a_range_is_its_months(context: Context):
    assert context.dates("1997-11-02..1998-02-01") == [date(1997, 12, 1), date(1998, 1, 1), date(1998, 2, 1)]


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        pytest.param("1997-05-02..1997-05-31", "has no first day of a month", id="within a month"),
        pytest.param("1998-04-01..1997-05-01", "has no first day of a month", id="backwards"),
        pytest.param("1997-05-01..", "as_of '' is not a date", id="no end"),
        pytest.param("..1997-05-01", "as_of '' is not a date", id="no beginning"),
        pytest.param("1997-05-01..latest", "as_of 'latest' is not a date", id="an end that is a word"),
        pytest.param("1997-05-01...1998-04-01", "is not a date", id="a dot too many"),
    ],
)
def test_an_invalid_range_is_an_error(as_of: str, sentence: str, context: Context):
    with pytest.raises(DateError, match=sentence) as caught:
        context.dates(as_of)
    assert is_one_sentence(caught.value)


@pytest.fixture
def ready(tmp_path: Path) -> Context:
    """A project of a ready table with three dates, none of them the first of a month."""
    context = Context(Settings(state=tmp_path, lake=tmp_path / "lake"), project(TABLE))
    ingest_source(context.settings.lake, rows("2020-01-05", "2020-02-05", "2020-03-05"), project="cdnow")
    return context


def test_a_ready_tables_dates_are_those_it_has(ready: Context):
    dates = [date(2020, month, 5) for month in (1, 2, 3)]
    assert ready.day("latest") == dates[-1]
    assert ready.dates("latest") == dates
    assert ready.dates("2020-02-05") == dates[:2]
    assert ready.dates("2020-01-06..2020-03-05") == dates[1:]
    with pytest.raises(DateError, match=r"as_of 2019-01-01\.\.2019-12-01 has no date of the table") as caught:
        ready.dates("2019-01-01..2019-12-01")
    assert is_one_sentence(caught.value)
    with pytest.raises(AsOfError, match="as_of 2020-02-01 is no date of the table customers"):
        ready.day("2020-02-01")


@pytest.mark.parametrize(
    ("engine", "master", "aggregation", "name"),
    [
        ("auto", "local[*]", "distinct", "duckdb"),
        ("auto", "local[*]", "distinct_about", "spark"),
        ("auto", "spark://cluster:7077", "distinct", "spark"),
        ("duckdb", "spark://cluster:7077", "distinct", "duckdb"),
        ("spark", "local[*]", "distinct", "spark"),
    ],
)
def test_one_machine_runs_the_plan_on_duckdb(  # type: ignore[no-untyped-def]
    engine: str, master: str, aggregation: str, name: str, context: Context, monkeypatch: pytest.MonkeyPatch
):
    settings = context.settings.model_copy(update={"engine": engine, "spark_master": master})
    feature = replace(context.project.features[0], aggregation=aggregation, measure="value")
    project = replace(context.project, features=(*context.project.features, feature))
    monkeypatch.setattr(Context, "spark", lambda self: None)
    assert Context(settings, project).engine().name == name

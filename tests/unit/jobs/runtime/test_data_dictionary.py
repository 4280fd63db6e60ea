"""The data dictionary's figures of a feature and its description of the rows."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features import OWNER_STATEMENT, ReadyTable
from jobs.runtime.context import Context
from jobs.runtime.data_dictionary import QUANTILES_HEADING, dictionary_of_lake, feature_figures
from stack.settings import Settings
from tests.unit.ready_tables import TABLE, ingest_source, project, rows

PEOPLE = np.arange(2001)
LEFT = (PEOPLE > 1000).astype(int)
ONE_DAY = replace(TABLE, as_of=date(2020, 3, 1))


def test_nulls_quantiles_and_univariate_auc():
    values = np.where(PEOPLE < 100, np.nan, -PEOPLE)
    assert feature_figures(values, LEFT, PEOPLE) == {
        "null": "5.0%",
        QUANTILES_HEADING: "-1905 · -1525 · -1050 · -575 · -195",
        "univariate AUC": "1.000 ± 0.000 low",
    }


def test_the_univariate_auc_of_noise_has_no_direction():
    noise = np.random.default_rng(3).random(2001)
    assert feature_figures(noise, LEFT, PEOPLE)["univariate AUC"].split()[-1].startswith("0.")


def test_a_feature_without_any_value_has_no_figures_but_its_nulls():
    assert feature_figures(np.full(2001, np.nan), LEFT, PEOPLE) == {
        "null": "100.0%",
        QUANTILES_HEADING: "",
        "univariate AUC": "",
    }


@pytest.mark.parametrize(
    ("table", "days", "dates"),
    [
        pytest.param(TABLE, ("2020-01-01", "2020-02-01"), "2 dates from 2020-01-01 to 2020-02-01 with 4", id="dates"),
        pytest.param(ONE_DAY, ("2020-03-01",), "one date, 2020-03-01, with 2", id="one day"),
    ],
)
def test_the_page_of_a_ready_table_names_its_dates(
    tmp_path: Path, table: ReadyTable, days: tuple[str, ...], dates: str
):
    context = Context(Settings(state=tmp_path, lake=tmp_path / "lake", engine="duckdb"), project(table))
    ingest_source(context.settings.lake, rows(*days), project="cdnow")
    page = dictionary_of_lake(context)
    assert f"Measured on the exports of {days[0]} to {days[-1]}. Snapshots: active, {dates} rows of 2 people" in page
    assert OWNER_STATEMENT in page
    assert ("by entity, not out of time" in page) != table.dated
    assert "| `silence` |" in page

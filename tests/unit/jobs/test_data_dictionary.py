"""What the data dictionary says of a feature's values."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features import OWNER_STATEMENT, ReadyTable
from jobs.data_dictionary import QUANTILES_HEADING, described, figures_of
from jobs.runtime.context import Context
from stack.settings import Settings
from tests.unit.ready_tables import TABLE, project, rows, take

PEOPLE = np.arange(2001)
LEFT = (PEOPLE > 1000).astype(int)
ONE_DAY = replace(TABLE, as_of=date(2020, 3, 1))


def test_nulls_quantiles_and_what_it_says_alone():
    values = np.where(PEOPLE < 100, np.nan, -PEOPLE)
    assert figures_of(values, LEFT, PEOPLE) == {
        "null": "5.0%",
        QUANTILES_HEADING: "-1905 · -1525 · -1050 · -575 · -195",
        "AUC alone": "1.000 ± 0.000 low",
    }


def test_what_is_said_of_noise_is_no_direction():
    noise = np.random.default_rng(3).random(2001)
    assert figures_of(noise, LEFT, PEOPLE)["AUC alone"].split()[-1].startswith("0.")


def test_a_feature_without_any_value_has_no_figures_but_its_nulls():
    assert figures_of(np.full(2001, np.nan), LEFT, PEOPLE) == {"null": "100.0%", QUANTILES_HEADING: "", "AUC alone": ""}


@pytest.mark.parametrize(
    ("table", "days", "said"),
    [
        pytest.param(TABLE, ("2020-01-01", "2020-02-01"), "2 dates from 2020-01-01 to 2020-02-01 with 4", id="dates"),
        pytest.param(ONE_DAY, ("2020-03-01",), "one date, 2020-03-01, with 2", id="one day"),
    ],
)
def test_a_ready_table_is_described_by_the_dates_it_has(
    tmp_path: Path, table: ReadyTable, days: tuple[str, ...], said: str
):
    context = Context(Settings(state=tmp_path, lake=tmp_path / "lake", engine="duckdb"), project(table))
    take(context.settings.lake, rows(*days), project="cdnow")
    told = described(context)
    assert f"Measured on the exports of {days[0]} to {days[-1]}. Snapshots: active, {said} rows of 2 people" in told
    assert OWNER_STATEMENT in told
    assert ("by entity, not out of time" in told) != table.dated
    assert "| `silence` |" in told

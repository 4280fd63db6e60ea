"""The reachable probability: calibrated, below the oracle, above the observable log-odds, and absent from exports."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.models.honesty import expected_auc
from projects.churn.simulator.truth import states
from tests.unit.projects.test_simulator import digests, write_sample

USERS, MONTHS = 1500, 6


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    truth = write_sample(tmp_path_factory.mktemp("reachable"), USERS, MONTHS)[1]
    return pd.read_parquet(truth / "states.parquet")


@pytest.mark.parametrize("population", ["trial", "paid"])
def test_the_reachable_auc_is_between_the_observable_log_odds_and_the_oracle(sample: pd.DataFrame, population: str):
    rows = sample[lambda table: table["population"] == population]
    oracle, reachable = rows["probability"].to_numpy(), rows["reachable"].to_numpy()
    observable = rows["log_odds_observable"].fillna(-99).to_numpy()
    aucs = [expected_auc(score, oracle) for score in (observable, reachable, oracle)]
    assert aucs[0] + 0.01 < aucs[1] < aucs[2] - 0.003


def test_the_reachable_probability_is_the_mean_of_the_oracle_where_it_has_a_value(sample: pd.DataFrame):
    rows = sample[lambda table: table["probability"] > 0].sort_values("reachable")
    assert rows["reachable"].between(0, 1).all()
    for part in np.array_split(np.arange(len(rows)), 6):
        oracle, reachable = (rows[name].to_numpy()[part] for name in ("probability", "reachable"))
        error = np.std(oracle - reachable) / np.sqrt(len(part))
        assert abs(oracle.mean() - reachable.mean()) < 5 * error + 0.003


def test_the_reachable_probability_changes_no_byte_of_the_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def skip(world: Any, contracts: Any, signals: Any, rows: np.ndarray, at: np.ndarray) -> np.ndarray:
        return np.zeros(len(rows))

    raw, truth, _ = write_sample(tmp_path / "with", users=100, months=3)
    monkeypatch.setattr(states, "reachable_probability", skip)
    other_raw, other_truth, _ = write_sample(tmp_path / "without", users=100, months=3)
    assert digests(other_raw) == digests(raw)
    rows, other_rows = (pd.read_parquet(folder / "states.parquet") for folder in (truth, other_truth))
    assert (rows["reachable"] != 0).any()
    others = [name for name in rows if name != "reachable"]
    pd.testing.assert_frame_equal(other_rows[others], rows[others])

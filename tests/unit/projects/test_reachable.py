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
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    raw, truth, _ = write_sample(tmp_path_factory.mktemp("reachable"), USERS, MONTHS)
    return raw, pd.read_parquet(truth / "states.parquet")


@pytest.mark.parametrize("population", ["trial", "paid"])
def test_the_reachable_auc_is_between_the_observable_log_odds_and_the_oracle(
    sample: tuple[Path, pd.DataFrame], population: str
):
    rows = sample[1][lambda table: table["population"] == population]
    oracle, reachable = rows["probability"].to_numpy(), rows["reachable"].to_numpy()
    observable = rows["log_odds_observable"].fillna(-99).to_numpy()
    aucs = [expected_auc(score, oracle) for score in (observable, reachable, oracle)]
    assert aucs[0] + 0.01 < aucs[1] < aucs[2] - 0.003


def test_the_reachable_probability_is_the_mean_of_the_oracle_where_it_has_a_value(sample: tuple[Path, pd.DataFrame]):
    rows = sample[1][lambda table: table["probability"] > 0].sort_values("reachable")
    assert rows["reachable"].between(0, 1).all()
    for part in np.array_split(np.arange(len(rows)), 6):
        oracle, reachable = (rows[name].to_numpy()[part] for name in ("probability", "reachable"))
        error = np.std(oracle - reachable) / np.sqrt(len(part))
        assert abs(oracle.mean() - reachable.mean()) < 5 * error + 0.003


def test_the_reachable_probability_changes_no_byte_of_the_exports(
    sample: tuple[Path, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def skip(world: Any, contracts: Any, signals: Any, rows: np.ndarray, at: np.ndarray) -> np.ndarray:
        return np.zeros(len(rows))

    monkeypatch.setattr(states, "reachable_probability", skip)
    raw, truth, _ = write_sample(tmp_path, USERS, MONTHS)
    assert digests(raw) == digests(sample[0])
    others = [name for name in sample[1] if name != "reachable"]
    pd.testing.assert_frame_equal(pd.read_parquet(truth / "states.parquet")[others], sample[1][others])

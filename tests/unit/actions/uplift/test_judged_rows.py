"""Judged rows come back as they were, or not at all."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from actions.uplift.judged_rows import KEPT_SETS, JudgedRows, experiment_digest
from benchmarks.actions.simulated_experiments import simulate
from stack.folders.checked_folder import BrokenFolderError


def judged_rows(seed: int) -> JudgedRows:
    simulated = simulate(seed, rows=200, actions=2, width=5)
    return JudgedRows(simulated.experiment, np.log(simulated.risk), simulated.effects, np.array([0.01, 0.02]))


def test_rows_come_back_as_they_were(tmp_path: Path):
    before = judged_rows(1)
    before.write(tmp_path)
    after = JudgedRows.read(tmp_path, before.digest)
    assert after.digest == before.digest
    for field in dataclasses.fields(before.experiment):
        left, right = (getattr(rows.experiment, field.name) for rows in (before, after))
        if isinstance(left, np.ndarray):
            assert np.array_equal(left, right, equal_nan=left.dtype.kind == "f"), field.name
        else:
            assert left == right
    for name in ("log_odds", "effects", "price"):
        assert np.array_equal(getattr(before, name), getattr(after, name))


def test_a_changed_or_missing_set_is_refused(tmp_path: Path):
    rows = judged_rows(1)
    with pytest.raises(BrokenFolderError, match="is missing: run `-e uplift` again"):
        JudgedRows.read(tmp_path, rows.digest)
    rows.write(tmp_path)
    file = tmp_path / rows.digest / "rows.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(BrokenFolderError, match="run `-e uplift` again"):
        JudgedRows.read(tmp_path, rows.digest)


def test_only_the_newest_sets_stay(tmp_path: Path):
    sets = [judged_rows(seed) for seed in range(KEPT_SETS + 2)]
    for place, rows in enumerate(sets):
        rows.write(tmp_path)
        os.utime(tmp_path / rows.digest, (place, place))
    sets[-1].write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {rows.digest for rows in sets[-KEPT_SETS:]}


@pytest.mark.parametrize("name", ["rows", "outcome", "arm", "people", "probability", "campaigns", "assigned_on"])
def test_any_other_row_has_another_digest(name: str):
    experiment = judged_rows(1).experiment
    values = getattr(experiment, name).copy()
    values[0] = values[0] * 2 if values.dtype.kind in "fiO" and name != "arm" else values[-1]
    if name == "arm":
        values[0] = (values[0] + 1) % 3
    changed = dataclasses.replace(experiment, **{name: values})
    assert experiment_digest(changed) != experiment_digest(experiment)
    assert experiment_digest(experiment) == experiment_digest(judged_rows(1).experiment)

"""Versions of response models may contain known code and data only, as those of churn models."""

import shutil
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from actions.uplift import uplift_model
from actions.uplift.effects import actions_of, align, effects
from actions.uplift.learners import LEARNERS, calibrated
from actions.uplift.uplift_model import UpliftBundle
from actions.uplift.version import uplift_signature, write_uplift_bundle
from benchmarks.actions.simulated_experiments import simulate
from registry import VersionFiles
from registry.versions.version_files import drop_compiled, files_problem
from serving import MissingFeatureError
from serving.local_scoring import benchmark_version
from tests.unit.actions.uplift.test_learners import learner_input

PROVENANCE = {"project": "shop", "population": "uplift"}


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> tuple[UpliftBundle, Path]:
    experiment = simulate(1, rows=1000, truth="split", actions=2, width=6).experiment
    learner = next(learner for learner in LEARNERS if learner.name == "dr_boosted")
    bundle = calibrated(learner.fit(learner_input(experiment)), np.array([0.02, 0.01]), 0.7, np.zeros(2))
    folder = tmp_path_factory.mktemp("version")
    write_uplift_bundle(folder / "bundle", bundle, PROVENANCE)
    signature = uplift_signature(list(experiment.names), list(experiment.arms[1:]))
    mlflow.pyfunc.save_model(
        str(folder / "version"), python_model=str(uplift_model.__file__), pip_requirements=[], signature=signature,
        artifacts={"bundle": str(folder / "bundle")},
    )  # fmt: skip
    drop_compiled(folder / "version")
    return bundle, folder / "version"


def test_a_sound_version_predicts_like_the_learner_in_batches(
    version: tuple[UpliftBundle, Path], monkeypatch: pytest.MonkeyPatch
):
    bundle, folder = version
    assert files_problem(folder) is None
    files = VersionFiles("shop_uplift", "1", folder)
    experiment = simulate(2, rows=500, truth="split", actions=2, width=6).experiment
    frame = pd.DataFrame(experiment.rows, columns=list(experiment.names), index=np.arange(500) + 7)
    frame["another"] = "text that the model does not need"
    monkeypatch.setattr("actions.uplift.effects.BATCH_ROWS", 120)
    predicted = effects(files, frame)
    assert (tuple(predicted.columns), list(predicted.index)) == (actions_of(files), list(frame.index))
    assert np.array_equal(predicted.to_numpy(), bundle.effects(experiment.rows))
    assert effects(files, frame.head(0)).shape == (0, 2)
    assert benchmark_version(files, frame) > 0
    with pytest.raises(MissingFeatureError, match="needs 1 features that the rows do not have, such as x3"):
        effects(files, frame.drop(columns="x3"))


def test_other_code_is_refused(version: tuple[UpliftBundle, Path], tmp_path: Path):
    spoilt = Path(shutil.copytree(version[1], tmp_path / "version"))
    (spoilt / "uplift_model.py").write_text((spoilt / "uplift_model.py").read_text() + "\n")
    problem = files_problem(spoilt)
    assert problem is not None
    assert problem.startswith("its uplift_model.py (SHA-256 ")
    (spoilt / "uplift_model.py").unlink()
    assert files_problem(spoilt) == "its uplift_model.py is missing"


def test_an_action_that_a_version_does_not_know_is_never_the_best():
    predicted = pd.DataFrame({"email": [0.1, -0.2], "sms": [0.0, 0.3]})
    aligned = align(predicted, ["sms", "push", "email"])
    assert aligned[:, 1].max() == -np.inf
    assert aligned[:, [0, 2]].tolist() == [[0.0, 0.1], [0.3, -0.2]]

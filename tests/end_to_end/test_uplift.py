"""The file of an experiment is learnt, registered, promoted by the gate and used; a result of nothing is a sentence."""

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from actions.uplift.effects import actions_of, effects
from benchmarks.actions.simulated_experiments import SimulatedExperiment, simulate
from registry import NoProductionError, approved_files, production, verified_files
from tests.end_to_end.conftest import Clone
from tests.unit.builders import is_one_sentence

ACTIONS = ("action_1", "action_2")


def write_experiment(simulated: SimulatedExperiment, path: Path) -> pd.DataFrame:
    """The rows as a marketer would bring them: person, arm, its probability, outcome and features."""
    experiment = simulated.experiment
    table = pd.DataFrame(experiment.rows, columns=list(experiment.names)).assign(
        person=experiment.people,
        campaign=experiment.campaigns,
        assigned_on=experiment.assigned_on,
        treatment=[experiment.arms[arm] for arm in experiment.arm],
        probability=experiment.assigned_probability,
        outcome=experiment.outcome,
    )
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    return table


def learn(clone: Clone, path: Path) -> str:
    done = clone.run("python", "-m", "jobs.uplift", "--project", "cdnow", "--data", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def evidence_of(model: str, alias: str) -> dict[str, Any]:
    run = MlflowClient().get_model_version_by_alias(model, alias).run_id
    return json.loads(mlflow.artifacts.load_text(f"runs:/{run}/evidence.json"))


def test_an_experiment_is_learnt_promoted_and_used(
    clone: Clone, tracking: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in clone.environment.items():
        monkeypatch.setenv(name, value)
    simulated = simulate(5, rows=4000, truth="split", actions=2, width=6, treated_share=2 / 3)
    path = tmp_path / "spring_offers.csv"
    write_experiment(simulated, path)
    with pytest.raises(NoProductionError):
        production(clone.url, "spring_offers_uplift")

    output = learn(clone, path)
    assert "registered as spring_offers_uplift version 1, the challenger" in output
    evidence = evidence_of("spring_offers_uplift", "challenger")
    assert not evidence["constant"], evidence["sentence"]
    assert evidence["gain"]["over_constant"]["low"] > 0
    repeated = learn(clone, path)
    assert "same data, code and settings as before; nothing to fit" in repeated
    assert [version.version for version in MlflowClient().search_model_versions("name='spring_offers_uplift'")] == ["1"]

    done = clone.run("python", "-m", "jobs.promote", "--project", "cdnow", "--population", "uplift")
    assert done.returncode == 0, done.stdout + done.stderr
    assert production(clone.url, "spring_offers_uplift") == "1"
    page = MlflowClient().get_model_version("spring_offers_uplift", "1").description
    assert page.startswith("**ACCEPTED: the gate accepts version 1 of spring\\_offers\\_uplift")
    (decision,) = clone.rows(
        "select decision from ops.promotions where model = 'spring_offers_uplift' and act = 'promote'"
    )[0]
    checks = {check["name"] for check in decision["checks"]}  # type: ignore[index]
    assert checks >= {"qini", "effect_slope", "balance", "sample_ratio", "placebo", "parity_pyfunc", "origin"}

    new = simulate(6, rows=4000, truth="split", actions=2, width=6)
    frame = pd.DataFrame(new.experiment.rows, columns=list(new.experiment.names))
    approved = approved_files(clone.url, "spring_offers_uplift", "1")
    with verified_files("spring_offers_uplift", "1", approved) as files:
        assert actions_of(files) == ACTIONS
        predicted = effects(files, frame)
    assert tuple(predicted.columns) == ACTIONS
    correlation = [np.corrcoef(predicted[name], new.effects[:, place])[0, 1] for place, name in enumerate(ACTIONS)]
    assert min(correlation) > 0.3, correlation


def test_where_no_action_changes_anything_the_result_is_a_sentence(
    clone: Clone, tracking: Clone, tmp_path: Path
) -> None:
    simulated = simulate(7, rows=3000, truth="null", actions=2, width=6, treated_share=2 / 3)
    path = tmp_path / "autumn_offers.parquet"
    write_experiment(simulated, path)
    output = learn(clone, path)
    assert "No usable difference between people: contact all or none." in output
    assert not MlflowClient().search_model_versions("name='autumn_offers_uplift'")
    runs = mlflow.search_runs(
        experiment_names=["cdnow"],
        filter_string="tags.`prichal.uplift_result` like 'No usable%' and tags.`prichal.kind` = 'uplift'",
        output_format="list",
    )
    assert json.loads(mlflow.artifacts.load_text(f"runs:/{runs[0].info.run_id}/evidence.json"))["registered"] is False
    assert "nothing to fit" in learn(clone, path)


def test_a_wrong_request_is_one_sentence(clone: Clone, tmp_path: Path) -> None:
    simulated = simulate(7, rows=300, truth="null", actions=2, width=6)
    path = tmp_path / "Autumn offers.parquet"
    write_experiment(simulated, path)
    for arguments, expected in (
        ((), "Project cdnow declares no actions"),
        (("--data", str(path)), "The experiment's file is called 'Autumn offers'"),
    ):
        done = clone.run("python", "-m", "jobs.uplift", "--project", "cdnow", *arguments)
        assert done.returncode == 2
        assert expected in done.stderr
        assert is_one_sentence(done.stderr.splitlines()[-1].removeprefix("prichal: "))

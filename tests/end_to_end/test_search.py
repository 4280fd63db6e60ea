"""A search that is killed goes on where it was, and ends as if nothing had happened."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

from tests.end_to_end.conftest import Clone
from tests.end_to_end.test_again import wait_for

TRAIN = ("python", "-m", "jobs.train", "--project", "cdnow", "--trials", "4")


@pytest.fixture
def client(clone: Clone, morning: object) -> MlflowClient:
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    return MlflowClient()


def finished(client: MlflowClient) -> dict[int, list[str]]:
    """Number of each finished trial of the record shop -> the runs above its runs."""
    experiment = client.get_experiment_by_name("cdnow")
    condition = "tags.`prichal.kind` = 'trial' and attributes.status = 'FINISHED'"
    found: dict[int, list[str]] = {}
    for run in client.search_runs([experiment.experiment_id], condition):
        number = json.loads(run.data.tags["prichal.trial"])["number"]
        found.setdefault(number, []).append(run.data.tags["mlflow.parentRunId"])
    return found


def challenger(client: MlflowClient, folder: Path) -> tuple[str, dict[str, Any], dict[str, bytes]]:
    """Its version, evidence but for the run that made it, and the files of its model."""
    version = client.get_model_version_by_alias("cdnow_churn", "challenger")
    evidence = json.loads(mlflow.artifacts.load_text(f"runs:/{version.run_id}/evidence.json"))
    bundle = Path(mlflow.artifacts.download_artifacts(f"models:/cdnow_churn/{version.version}", dst_path=str(folder)))
    inside = next(bundle.rglob("model.json")).parent
    files = {path.name: path.read_bytes() for path in inside.iterdir()}
    assert json.loads(files.pop("evidence.json")) == evidence
    assert evidence.pop("run_id") == version.run_id
    return version.version, evidence, files


def forget(client: MlflowClient) -> None:
    """Nothing that was trained can be found as done before."""
    for version in client.search_model_versions("name = 'cdnow_churn'"):
        client.delete_model_version_tag(version.name, version.version, "fingerprint")
    experiment = client.get_experiment_by_name("cdnow")
    for run in client.search_runs([experiment.experiment_id], "tags.`prichal.kind` = 'trial'"):
        client.delete_run(run.info.run_id)


def test_killed_in_the_middle_of_the_search_then_run_again(clone: Clone, client: MlflowClient, tmp_path: Path) -> None:
    before = set(finished(client))
    process = clone.start(*TRAIN)
    wait_for(lambda: len(finished(client)) > len(before), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = len(finished(client))
    again = clone.run(*TRAIN)
    assert again.returncode == 0, again.stderr
    assert f"{done} finished trials of an interrupted training are reused" in again.stdout
    trials = finished(client)
    assert sorted(trials) == list(range(1, 10))
    assert {len(parents) for parents in trials.values()} == {1}, "a trial was done twice"
    assert len({parents[0] for parents in trials.values()}) == 1, "trials lie below more than one run"

    resumed = challenger(client, tmp_path / "resumed")
    forget(client)
    assert clone.run(*TRAIN).returncode == 0
    undisturbed = challenger(client, tmp_path / "undisturbed")
    assert undisturbed[0] != resumed[0]
    assert undisturbed[1:] == resumed[1:], "same data, code and seed: same figures and the same bytes"

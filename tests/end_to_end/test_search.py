"""A search that was killed continues with its next trial and ends with the same model."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.end_to_end.code_copy import copy_code, run_job, undated_customers, write_project
from tests.end_to_end.conftest import ROOT, Clone
from tests.end_to_end.test_rerun import wait_for

#: a table of customers with one family whose parameters are searched.
SMALL = """
from datetime import date
from pathlib import Path
from features import Population, ReadyTable, TableFeature
from lake import Column
from projects.cdnow.project import PROJECT as SHOP
from projects.project import Project
from registry import Policy
from serving import Mart
from training import TrainingPlan

NAMES = ("days_since_last", "days_as_customer", "purchases", "spent")
TABLE = ReadyTable(
    name="customers",
    files="customers.csv",
    entity=Column("customer_id", "bigint", "the customer"),
    as_of=date(1997, 9, 1),
    left="churned",
    horizon_days=90,
    columns=tuple(TableFeature(name, "number", "not known", name, name) for name in NAMES),
)
PROJECT = Project(
    name="small",
    description="A small table of customers.",
    entity="customer_id",
    raw=Path(__file__).parent / "data",
    table=TABLE,
    populations=(Population("active", "true", "small_churn", "every row", TABLE.label),),
    training=TrainingPlan(recency="days_since_last", families=("recency", "logistic")),
    policy=Policy(allow_not_out_of_time=True),
    mart=Mart(table="small_scores", entity="customer_id"),
)
"""


@dataclass(frozen=True)
class Search:
    """Trainings of one project, in this checkout or in a copy of it."""

    clone: Clone
    project: str
    model: str
    code: Path

    @property
    def command(self) -> list[str]:
        return ["python", "-m", "jobs.train", "--project", self.project, "--trials", "4"]

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command, cwd=self.code, env=self.clone.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def run(self) -> str:
        done = run_job(self.clone, self.code, "train", *self.command[3:])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def runs(self, condition: str) -> list[Run]:
        experiment = MlflowClient().get_experiment_by_name(self.project)
        return list(MlflowClient().search_runs([experiment.experiment_id], condition)) if experiment else []

    def finished_trials(self) -> dict[int, list[str]]:
        """Number of each finished trial -> the parents of its runs."""
        parents: dict[int, list[str]] = {}
        for run in self.runs("tags.`prichal.kind` = 'trial' and attributes.status = 'FINISHED'"):
            number = json.loads(run.data.tags["prichal.trial"])["number"]
            parents.setdefault(number, []).append(run.data.tags["mlflow.parentRunId"])
        return parents

    def challenger(self, folder: Path) -> tuple[str, dict[str, Any], dict[str, bytes]]:
        """Version of the challenger, its evidence without the run's id, and the files of its model."""
        version = MlflowClient().get_model_version_by_alias(self.model, "challenger")
        evidence = json.loads(mlflow.artifacts.load_text(f"runs:/{version.run_id}/evidence.json"))
        address = f"models:/{self.model}/{version.version}"
        bundle = next(
            Path(mlflow.artifacts.download_artifacts(address, dst_path=str(folder))).rglob("model.json")
        ).parent
        files = {path.name: path.read_bytes() for path in bundle.iterdir()}
        assert json.loads(files.pop("evidence.json")) == evidence
        assert evidence.pop("run_id") == version.run_id
        return version.version, evidence, files

    def delete_trials(self) -> None:
        """Delete the trials and the versions' fingerprints, so that the next training starts anew."""
        for version in MlflowClient().search_model_versions(f"name = '{self.model}'"):
            MlflowClient().delete_model_version_tag(version.name, version.version, "fingerprint")
        for run in self.runs("tags.`prichal.kind` = 'trial'"):
            MlflowClient().delete_run(run.info.run_id)


@pytest.fixture
def small(tracking: Clone, tmp_path: Path) -> Search:
    """A table of 2,400 customers, ingested."""
    code = copy_code(tmp_path / "code")
    raw = write_project(code, "small", SMALL)
    undated_customers("1997-09-01", every=10).drop(columns="last_order").to_csv(raw / "customers.csv", index=False)
    done = run_job(tracking, code, "ingest", "--project", "small")
    assert done.returncode == 0, done.stdout + done.stderr
    return Search(tracking, "small", "small_churn", code)


@pytest.fixture
def record_shop(tracking: Clone, morning: object) -> Search:
    return Search(tracking, "cdnow", "cdnow_churn", ROOT)


def check_resumed_search(search: Search, trial_count: int, tmp_path: Path) -> None:
    """Kill a training in its search, run it again, and compare it with one that nobody disturbed."""
    before = set(search.finished_trials())
    process = search.start()
    wait_for(lambda: len(search.finished_trials()) > len(before), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished_count = len(search.finished_trials())
    assert f"{finished_count} trials of a training that was stopped are taken as done" in search.run()
    trials = search.finished_trials()
    assert sorted(trials) == list(range(1, trial_count + 1))
    assert {len(parents) for parents in trials.values()} == {1}, "a trial was done twice"
    assert len({parents[0] for parents in trials.values()}) == 1, "trials lie below more than one run"

    resumed = search.challenger(tmp_path / "resumed")
    search.delete_trials()
    search.run()
    undisturbed = search.challenger(tmp_path / "undisturbed")
    assert undisturbed[0] != resumed[0]
    assert undisturbed[1:] == resumed[1:], "same data, code and seed: same figures and the same bytes"


def test_a_killed_search_is_resumed(small: Search, tmp_path: Path) -> None:
    check_resumed_search(small, 3, tmp_path)


@pytest.mark.slow
def test_a_killed_search_of_the_record_shop_is_resumed(record_shop: Search, tmp_path: Path) -> None:
    check_resumed_search(record_shop, 9, tmp_path)

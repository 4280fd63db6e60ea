"""Attacks on the files of versions: none of what an attacker brings is run, and nothing is published."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import mlflow
import pytest
from mlflow import MlflowClient

from jobs.runtime.context import Context
from jobs.runtime.promotion_measurements import PromotionMeasurement
from jobs.score import score
from registry import VersionFilesError, model_evidence, production, promote
from tests.end_to_end.conftest import Clone
from tests.end_to_end.proposals import aliases
from tests.unit.builders import is_one_sentence

MODEL = "cdnow_churn"
#: code that tells its author what it finds, wherever it is loaded.
TELLS = """
import os, pathlib
pathlib.Path({flag!r}).write_text(repr(dict(os.environ)))
"""
OWN_CODE = """
import mlflow

class Own(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input

mlflow.models.set_model(Own())
"""


@pytest.fixture
def context(clone: Clone, morning: object, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A step of this process, with all secrets in its environment."""
    for name, value in clone.environment.items():
        monkeypatch.setenv(name, value)
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    mlflow.set_experiment("cdnow")
    return Context.of("cdnow")


@dataclass
class Bucket:
    """The files of the version in production, where they lie in S3."""

    s3: Any
    prefix: str

    @classmethod
    def of(cls, clone: Clone, version: str) -> "Bucket":
        s3 = boto3.client(
            "s3", endpoint_url=clone.environment["MLFLOW_S3_ENDPOINT_URL"], region_name="us-east-1",
            aws_access_key_id=clone.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=clone.environment["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
        run = MlflowClient().get_model_version(MODEL, version).source.rpartition("/")[2]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="prichal", Prefix="mlflow/")
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return cls(s3, next(key for key in keys if key.endswith(f"{run}/artifacts/MLmodel")).removesuffix("MLmodel"))

    @contextmanager
    def changed(self, name: str, change: Callable[[bytes], bytes | None]) -> Iterator[None]:
        """The file after the change, gone where that is None; put back afterwards."""
        where = {"Bucket": "prichal", "Key": f"{self.prefix}{name}"}
        before = self.s3.get_object(**where)["Body"].read()
        after = change(before)
        if after is None:
            self.s3.delete_object(**where)
        else:
            self.s3.put_object(**where, Body=after)
        try:
            yield
        finally:
            self.s3.put_object(**where, Body=before)


def turned_round(text: bytes) -> bytes:
    """The best become the worst."""
    card = json.loads(text)
    return json.dumps({**card, "calibration": {"kind": "platt", "slope": -1.0, "intercept": 0.0}}).encode()


@pytest.mark.parametrize("what", ["card", "code", "cut", "missing"])
def test_files_changed_after_the_approval_do_not_score(
    clone: Clone, context: Context, tmp_path: Path, what: str
) -> None:
    flag, bundle = tmp_path / "ran", "artifacts/bundle"
    name, change = {
        "card": (f"{bundle}/model.json", turned_round),
        "code": ("churn_model.py", lambda text: text + TELLS.format(flag=str(flag)).encode()),
        "cut": (f"{bundle}/family.py", lambda text: text[:100]),
        "missing": ("MLmodel", lambda text: None),
    }[what]
    before, version = clone.mart(), production(clone.url, MODEL)
    expected_text = f"The files of version {version} of {MODEL} were changed"
    with (
        Bucket.of(clone, version).changed(name, change),
        pytest.raises(VersionFilesError, match=expected_text) as caught,
    ):
        score(context)
    assert is_one_sentence(caught.value)
    assert not flag.exists(), "the changed code was run"
    assert clone.mart() == before
    assert aliases(MODEL)["production"] == version
    assert clone.rows("select outcome from ops.runs where step = 'score' order by started_at desc limit 1") == [
        ("failed",)
    ]


def test_own_code_with_the_evidence_of_another_run_is_refused_and_never_run(
    clone: Clone, context: Context, tmp_path: Path
) -> None:
    """An author may register what she likes; the gate measures with the owner's address and keys around it."""
    flag, code, model = tmp_path / "ran", tmp_path / "churn_model.py", "own_code"
    code.write_text(TELLS.format(flag=str(flag)) + OWN_CODE)
    version = production(clone.url, MODEL)
    bundle = mlflow.artifacts.download_artifacts(f"models:/{MODEL}/{version}/artifacts/bundle", dst_path=str(tmp_path))
    with mlflow.start_run() as run:
        mlflow.log_dict(model_evidence(MODEL, version), "evidence.json")
        mlflow.pyfunc.log_model(
            name="model", python_model=str(code), artifacts={"bundle": bundle}, pip_requirements=[],
            signature=mlflow.models.get_model_info(f"models:/{MODEL}/{version}").signature, registered_model_name=model,
        )  # fmt: skip
    flag.unlink(missing_ok=True)  # MLflow runs it while its author stores it
    MlflowClient().set_registered_model_alias(model, "challenger", "1")
    measuring = PromotionMeasurement(context, context.project.populations[0])
    (moved,) = promote(clone.url, [model], context.project.policy, "tester", measure=measuring)
    assert moved.act == "refuse"
    assert f"Version 1 of {model} cannot be loaded" in moved.reason
    assert f"version 1 is of run {run.info.run_id}: " in moved.reason
    assert not flag.exists(), "the gate ran code that nobody knows"
    assert aliases(model) == {}
    MlflowClient().delete_registered_model(model)
    MlflowClient().delete_run(run.info.run_id)

"""What a person is told when a service refuses."""

import sys

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

from jobs.runtime.command import _service_error, run
from tests.unit.builders import is_one_sentence


def test_a_refusal_names_who_was_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "rick")
    told = _service_error(MlflowException("Response body: 'Permission denied'", error_code=PERMISSION_DENIED))
    assert str(told).startswith("MLflow does not let rick do this")
    assert is_one_sentence(told)


@pytest.mark.parametrize(
    "arguments",
    [["--reason", "-looks"], ["--reason", "--x"], ["--reson=late"], ["--reas=late"], ["late"]],
    ids=["dash", "two dashes", "unknown name", "shortened name", "no name"],
)
def test_a_command_line_that_cannot_be_read_is_told_in_one_sentence(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["jobs.rollback", *arguments])
    assert run("rollback", print, {"project": "churn", "reason": "given"}) == 2
    told = capsys.readouterr().err
    assert told.startswith("prichal: The command line of prichal rollback cannot be read (")
    assert "--name=value" in told
    assert "usage" not in told
    assert told.count("\n") == 1

"""A step ends with one sentence for a command line it cannot read and for a service that refuses."""

import sys

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

from jobs.rollback import rollback
from jobs.runtime import command
from jobs.runtime.command import _service_error, run
from jobs.runtime.context import Context
from tests.unit.builders import is_one_sentence


def test_a_refused_request_names_the_user(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "rick")
    error = _service_error(MlflowException("Response body: 'Permission denied'", error_code=PERMISSION_DENIED))
    assert str(error).startswith("MLflow does not let rick do this")
    assert is_one_sentence(error)


@pytest.mark.parametrize(
    "arguments",
    [["--reason", "-looks"], ["--reason", "--x"], ["--reson=late"], ["--reas=late"], ["late"]],
    ids=["dash", "two dashes", "unknown name", "shortened name", "no name"],
)
def test_an_unreadable_command_line_is_one_sentence(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["jobs.rollback", *arguments])
    assert run(rollback) == 2
    error = capsys.readouterr().err
    assert error.startswith("prichal: The command line of prichal rollback cannot be read (")
    assert "--name=value" in error
    assert "usage" not in error
    assert error.count("\n") == 1


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Address of an MLflow in which the project's experiment was deleted, and the id of the experiment."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('tracking')}/mlflow.db"
    client = mlflow.MlflowClient(uri)
    experiment_id: str = client.create_experiment("cdnow")
    client.delete_experiment(experiment_id)
    return uri, experiment_id


@pytest.fixture
def deleted_experiment(context: Context, tracking: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of the deleted experiment, in the MLflow that a step uses."""
    uri, experiment_id = tracking
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr(sys, "argv", ["jobs.verify"])
    monkeypatch.setattr(command.Context, "of", lambda _project: context)
    monkeypatch.setattr(command.services, "check", lambda _settings: None)
    monkeypatch.setattr(command.services, "unreachable", lambda _settings: None)
    context.settings = context.settings.model_copy(update={"tracking_uri": uri})
    return experiment_id


@pytest.mark.parametrize("chosen_by", ["name", "id"])
def test_a_deleted_experiment_is_one_sentence_with_the_command_that_restores_it(
    deleted_experiment: str, chosen_by: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    if chosen_by == "id":
        monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", deleted_experiment)

    def verify(context: Context) -> None:
        with mlflow.start_run():
            pass

    assert run(verify) == 2
    error = capsys.readouterr().err
    assert error.startswith("prichal: The MLflow experiment cdnow was deleted: ")
    assert f"`mlflow experiments restore --experiment-id {deleted_experiment}`" in error
    assert "--experiment-name" in error
    assert error.count("\n") == 1

"""What a person is told when a service refuses."""

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

from jobs.command import _service_error
from tests.unit.builders import is_one_sentence


def test_a_refusal_names_who_was_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "rick")
    told = _service_error(MlflowException("Response body: 'Permission denied'", error_code=PERMISSION_DENIED))
    assert str(told).startswith("MLflow does not let rick do this")
    assert is_one_sentence(told)

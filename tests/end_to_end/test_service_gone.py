"""A service that goes away in the middle of a step is the one that is blamed, although MLflow answers with an error."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import psutil
import psycopg
import pytest
from mlflow import MlflowClient

from jobs.runtime.command import run
from stack import mlflow_server, postgres
from stack.process import Records, Started
from tests.end_to_end.conftest import BINARIES, Clone
from tests.end_to_end.wire import Wire, wired


@dataclass
class WiredServices:
    """An MLflow server of its own whose database and files are behind wires."""

    server: Started
    postgres: Wire
    s3: Wire

    def environment(self, clone: Clone) -> dict[str, str]:
        port = psycopg.conninfo.conninfo_to_dict(clone.url)["port"]
        return {
            **clone.environment,
            "DATABASE_URL": clone.url.replace(f":{port}/", f":{self.postgres.port}/"),
            "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{self.server.ports['http']}",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
        }


def kill(server: Started) -> None:
    """End the server and its workers at once: it waits for its database before it ends by itself."""
    if server.is_alive():
        os.killpg(server.pid, signal.SIGKILL)
        psutil.Process(server.pid).wait(timeout=10)


@pytest.fixture
def services(clone: Clone, tmp_path: Path) -> Iterator[WiredServices]:
    secrets = json.loads((clone.state / "secrets.json").read_text())
    sql_port = int(str(psycopg.conninfo.conninfo_to_dict(clone.url)["port"]))
    s3_port = int(urlsplit(clone.environment["MLFLOW_S3_ENDPOINT_URL"]).port or 0)
    before = mlflow.get_tracking_uri()
    with wired(sql_port) as sql_wire, wired(s3_port) as s3_wire:
        backend = postgres.url("mlflow", secrets["mlflow"], sql_wire.port, "mlflow")
        s3 = {name: value for name, value in clone.environment.items() if name.startswith("AWS_")}
        s3 |= {"MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{s3_wire.port}", "AWS_MAX_ATTEMPTS": "1"}
        place = (tmp_path, Records(tmp_path / "run"), BINARIES / "mlflow", None)
        server = mlflow_server.start(*place, backend, "prichal", s3, None)
        yield WiredServices(server, sql_wire, s3_wire)
        kill(server)
    mlflow.set_tracking_uri(before)


def test_the_error_names_the_service_that_failed(
    clone: Clone, services: WiredServices, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in services.environment(clone).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["jobs.verify", "--project=cdnow"])

    def text(act: Callable[..., object]) -> str:
        assert run(act) == 2
        while mlflow.active_run():
            mlflow.end_run()
        expected_text = capsys.readouterr().err
        assert expected_text.count("prichal: ") == 1
        assert "Traceback" not in expected_text
        assert psycopg.conninfo.conninfo_to_dict(clone.url)["password"] not in expected_text
        return expected_text.strip()

    def lose_s3(context: object) -> None:
        monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://127.0.0.1:{services.s3.port}")
        services.s3.disconnect()
        with mlflow.start_run():
            mlflow.log_text("note", "note.txt")

    def lose_postgres(context: object) -> None:
        services.postgres.disconnect()
        MlflowClient().search_registered_models()

    def lose_mlflow(context: object) -> None:
        kill(services.server)
        MlflowClient().search_registered_models()

    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://127.0.0.1:{services.s3.port}")
    assert f"S3 at http://127.0.0.1:{services.s3.port} does not answer" in text(lose_s3)
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", clone.environment["MLFLOW_S3_ENDPOINT_URL"])
    assert f"PostgreSQL at 127.0.0.1:{services.postgres.port}/prichal does not answer" in text(lose_postgres)
    monkeypatch.setenv("DATABASE_URL", clone.url)
    kill(services.server)  # its own way to PostgreSQL is cut, so it would not answer a step's first question either
    assert "MLflow at http://127.0.0.1:" in text(lose_mlflow)

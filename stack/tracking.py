"""The MLflow server: started here on PostgreSQL and S3, or reached by MLFLOW_TRACKING_URI."""

import urllib.error
import urllib.request
from pathlib import Path

from stack.errors import ServiceError
from stack.process import HOST, Records, Started, choose_port, launch, wait_until


def start(
    folder: Path,
    records: Records,
    mlflow: Path,
    asked_port: int | None,
    backend_url: str,
    bucket: str,
    s3: dict[str, str],
) -> Started:
    """Start the tracking server and registry; artifacts go through it to `bucket`.

    `backend_url` holds a password: it travels in the environment, not on the command line.
    """
    last = records.read("mlflow")
    if last is not None and last.alive():
        return last
    folder.mkdir(parents=True, exist_ok=True)
    port = choose_port(asked_port, last.ports["http"] if last else None, "PRICHAL_MLFLOW_PORT")
    log = folder / "mlflow.log"
    command = [
        str(mlflow), "server", "--host", HOST, "--port", str(port), "--workers", "1",
        "--serve-artifacts", "--artifacts-destination", f"s3://{bucket}/mlflow",
    ]  # fmt: skip
    environment = {
        **s3,
        "MLFLOW_BACKEND_STORE_URI": backend_url.replace("postgresql://", "postgresql+psycopg://", 1),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    pid = launch(command, log, environment, folder)
    started = Started.of(pid, {"http": port})
    records.write("mlflow", started)
    wait_until(lambda: answers(f"http://{HOST}:{port}"), started.alive, "MLflow", log, 180)
    return started


def answers(uri: str) -> bool:
    """Whether a tracking server answers at `uri`."""
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/version", timeout=5) as reply:  # noqa: S310
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def check(uri: str) -> None:
    """See that the tracking server answers.

    Raises:
        ServiceError: it does not.
    """
    if uri.startswith(("http://", "https://")) and not answers(uri):
        raise ServiceError(f"MLflow at {uri} does not answer: run `make up`, or mend MLFLOW_TRACKING_URI.")

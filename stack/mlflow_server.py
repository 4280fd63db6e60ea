"""The MLflow server: started here on PostgreSQL and S3, or reached by MLFLOW_TRACKING_URI."""

import base64
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from stack.errors import ServiceError
from stack.mlflow_login import APP, Login
from stack.process import HOST, Records, Started, choose_port, launch, stop, wait_until
from stack.settings import VARIABLES, Settings, export


def start(
    folder: Path,
    records: Records,
    mlflow: Path,
    requested_port: int | None,
    backend_url: str,
    bucket: str,
    s3: dict[str, str],
    login: Login | None,
) -> Started:
    """Start the tracking server and registry; artifacts go through it to `bucket`.

    `backend_url` contains a password, so it is passed in the environment, not on the command line. A running server is
    kept unless its log-in differs from `login`.
    """
    last = records.read("mlflow")
    if last is not None and last.is_alive():
        if _requires_login(last) == (login is not None):
            return last
        stop(last)
    folder.mkdir(parents=True, exist_ok=True)
    port = choose_port(requested_port, last.ports["http"] if last else None, "PRICHAL_MLFLOW_PORT")
    log = folder / "mlflow.log"
    command = [
        str(mlflow), "server", "--host", HOST, "--port", str(port), "--workers", "1",
        "--serve-artifacts", "--artifacts-destination", f"s3://{bucket}/mlflow",
        *(login.options if login else ()),
    ]  # fmt: skip
    environment = {
        **s3,
        **(login.environment if login else {}),
        "MLFLOW_BACKEND_STORE_URI": backend_url.replace("postgresql://", "postgresql+psycopg://", 1),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    pid = launch(command, log, environment, folder)
    started = Started.of(pid, {"http": port})
    records.write("mlflow", started)
    wait_until(lambda: answers(f"http://{HOST}:{port}"), started.is_alive, "MLflow", log, 180)
    return started


def answers(uri: str) -> bool:
    """Whether a tracking server answers at `uri`, with or without a log-in."""
    return _status(uri) in {200, 401}


def run_address(uri: str, experiment: str, run: str) -> str:
    """Address of a run in the MLflow UI."""
    return f"{uri.rstrip('/')}/#/experiments/{experiment}/runs/{run}"


def check(settings: Settings) -> None:
    """Check that the tracking server answers and accepts the account.

    Raises:
        ServiceError: it does not answer, or refuses the account.
    """
    uri = settings.require_tracking()
    if not uri.startswith(("http://", "https://")):
        return
    status, names = _status(uri, settings), f"{VARIABLES['tracking_user']} and {VARIABLES['tracking_password']}"
    if status == 401 and (settings.tracking_user is None or settings.tracking_password is None):
        raise ServiceError(f"MLflow at {uri} requires a log-in: set {names}.")
    if status == 401:
        raise ServiceError(f"MLflow at {uri} refuses {settings.tracking_user!r} with this password: correct {names}.")
    if status not in {200, 403}:  # 403: signed in, without the right to read the version
        raise ServiceError(f"MLflow at {uri} does not answer: run `make up`, or correct MLFLOW_TRACKING_URI.")


def sign_in(settings: Settings) -> None:
    """Give MLflow's client in this process the name and password of the settings, if there are any."""
    if settings.tracking_user is not None and settings.tracking_password is not None:
        password = settings.tracking_password.get_secret_value()
        export({VARIABLES["tracking_user"]: settings.tracking_user, VARIABLES["tracking_password"]: password})


def _status(uri: str, settings: Settings | None = None) -> int | None:
    """HTTP status of the server's reply; None without a reply."""
    try:
        request = urllib.request.Request(f"{uri.rstrip('/')}/version", headers=_header(settings))  # noqa: S310
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _header(settings: Settings | None) -> dict[str, str]:
    if settings is None or settings.tracking_user is None or settings.tracking_password is None:
        return {}
    pair = f"{settings.tracking_user}:{settings.tracking_password.get_secret_value()}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _requires_login(started: Started) -> bool:
    """Whether the running server requires a log-in."""
    return APP in psutil.Process(started.pid).cmdline()

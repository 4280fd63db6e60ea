"""`python -m dashboards`: start the pages, or start them anew, and print the address that signs in the owner."""

import sys
import urllib.error
import urllib.request
from pathlib import Path

from dashboards.sign_in import sign_link
from stack.errors import PrichalError, SettingError
from stack.folders.private import make_private
from stack.process import HOST, Records, Started, choose_port, launch, stop, wait_until
from stack.settings import ROOT, VARIABLES, Settings

#: processes and threads: a query waits for PostgreSQL most of its time.
WORKERS, THREADS = 2, 8


def start(settings: Settings) -> str:
    """Start the pages anew and wait for them; returns the address that signs in the owner.

    Raises:
        SettingError: the database or the key is not set.
        ServiceError: the server ended while starting, or does not answer.
    """
    if settings.dashboards_key is None or settings.dashboards_database_url is None:
        names = f"{VARIABLES['dashboards_database_url']} and {VARIABLES['dashboards_key']}"
        raise SettingError(f"{names} must be set for the dashboards: run `make up`, or see docs/dashboards.md.")
    records = Records(settings.state / "run")
    last = records.read("dashboards")
    if last is not None:
        stop(last)
    port = choose_port(settings.dashboards_port, last.ports["http"] if last else None, "PRICHAL_DASHBOARDS_PORT")
    log = settings.state / "dashboards" / "dashboards.log"
    command = [
        str(Path(sys.executable).parent / "gunicorn"), "--bind", f"{HOST}:{port}", "--workers", str(WORKERS),
        "--threads", str(THREADS), "--preload", "--chdir", str(ROOT), "--timeout", "120", "--no-control-socket",
        "dashboards.server:create_server()",
    ]  # fmt: skip
    started = Started.of(launch(command, log, {"PRICHAL_STATE": str(settings.state)}, ROOT), {"http": port})
    records.write("dashboards", started)
    address = f"http://{HOST}:{port}"
    wait_until(lambda: _answers(address), started.is_alive, "The dashboards", log, 120)
    return f"{address}{sign_link(settings.dashboards_key.get_secret_value())}"


def _answers(address: str) -> bool:
    """Whether the server answers, with or without its database."""
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    """Start the pages; 0, or 2 and one sentence."""
    try:
        settings = Settings.load()
        make_private(settings)
        sys.stdout.write(f"dashboards {start(settings)}\n")
    except PrichalError as error:
        sys.stderr.write(f"prichal: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

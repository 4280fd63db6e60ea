"""A PostgreSQL of a benchmark's own, so that nothing is left behind."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import postgres
from stack.process import Records, stop
from stack.schema import migrate


@contextmanager
def temporary_database() -> Iterator[str]:
    """URL of a migrated database, as the login of the steps; it is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="prichal-benchmark-") as folder:
        passwords = {name: secrets.token_hex(16) for name in ("postgres", "prichal", "steps", "mlflow")}
        Path(folder).chmod(0o711)
        started = postgres.start(Path(folder) / "postgres", Records(Path(folder)), None, passwords)
        port = started.ports["sql"]
        try:
            migrate(postgres.url("prichal", passwords["prichal"], port, "prichal"))
            yield postgres.url(postgres.STEPS_LOGIN, passwords["steps"], port, "prichal")
        finally:
            stop(started)

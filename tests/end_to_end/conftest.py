"""The real services, started for the tests in a folder of their own and stopped after them."""

import json
import os
import re
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
import psycopg
import pytest
from mlflow import MlflowClient
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.end_to_end.keeper import stop_with_parent

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(sys.executable).parent
#: what a developer's shell may have set; the tests' own services must not be mixed with it.
FOREIGN = ("DATABASE_URL", "PYTHONDONTWRITEBYTECODE", "MLFLOW_", "AWS_", "PRICHAL_", "SPARK_", "PYSPARK_")


@dataclass(frozen=True)
class Clone:
    """A state folder and the environment of a shell that works with it."""

    state: Path
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.environment["DATABASE_URL"]

    @property
    def owner_url(self) -> str:
        """The same database as the owner of its tables, which no step is given."""
        return self.url_of("prichal", self.password("prichal"))

    def password(self, name: str) -> str:
        """One of the passwords that the state folder keeps for its owner."""
        return str(json.loads((self.state / "secrets.json").read_text())[name])

    def url_of(self, user: str, password: str, **changes: str) -> str:
        """The same database as another login."""
        values = {**conninfo_to_dict(self.url), "user": user, "password": password, **changes}
        return make_conninfo("", **values)

    def as_owner(self, *statements: str) -> None:
        """Run statements as the owner of the tables, in one transaction."""
        with psycopg.connect(self.owner_url) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    @property
    def lake(self) -> Path:
        return self.state / "lake"

    def run(self, *command: str, timeout: float = 1800, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and keep what it said."""
        return subprocess.run(
            command, cwd=ROOT, env={**self.environment, **extra}, text=True, timeout=timeout, capture_output=True,
            check=False,
        )  # fmt: skip

    def mlflow_run(
        self, entry_point: str, *parameters: str, project: str = "cdnow", **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """`mlflow run .` as the README writes it."""
        pairs = [word for parameter in (f"project={project}", *parameters) for word in ("-P", parameter)]
        options = ["--env-manager", "local", "--experiment-name", project, "-e", entry_point]
        return self.run("mlflow", "run", ".", *options, *pairs, **extra)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own, to be killed."""
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[call-overload]

    def mart(self) -> list[tuple[object, ...]]:
        """Every row of the mart but for the moment it was written."""
        return self.rows(
            "select score_date, customer_id, population, churn_probability, risk_decile, reason_1, reason_2, reason_3, "
            "model_name, model_version, label_matures_on from mart.cdnow_scores order by 1, 2"
        )


def clean_environment(state: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**environment, "PRICHAL_STATE": str(state), "PATH": f"{BINARIES}:{environment['PATH']}"}


def bring_up(state: Path, **extra: str) -> Clone:
    environment = {**clean_environment(state), **extra}
    started = subprocess.run(
        [sys.executable, "-m", "stack", "up"], cwd=ROOT, env=environment, text=True, capture_output=True, check=False
    )
    assert started.returncode == 0, started.stdout + started.stderr
    shell = subprocess.run(
        ["bash", "-c", f". {state}/env && env -0"], env=environment, text=True, capture_output=True, check=True
    )
    return Clone(state, dict(line.split("=", 1) for line in shell.stdout.split("\0") if line))


def take_down(state: Path) -> None:
    subprocess.run([sys.executable, "-m", "stack", "down"], cwd=ROOT, env=clean_environment(state), check=True)


@contextmanager
def started_clone(**extra: str) -> Iterator[Clone]:
    """Services in a folder of their own; not in pytest's, which every other pytest closes to PostgreSQL's user."""
    with tempfile.TemporaryDirectory(prefix="prichal-test-") as folder:
        state = Path(folder) / "state"
        with stop_with_parent(state):
            yield bring_up(state, **extra)


@pytest.fixture(scope="session")
def clone() -> Iterator[Clone]:
    """Services of the tests' own."""
    with started_clone() as started:
        yield started


@pytest.fixture(scope="session")
def morning(clone: Clone) -> subprocess.CompletedProcess[str]:
    """The whole job, once, with the smallest search."""
    done = clone.mlflow_run("main", "trials=1")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def tracking(clone: Clone) -> Clone:
    """The services, and this process's MLflow pointed at them."""
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    mlflow.set_experiment("registry tests")
    return clone


@contextmanager
def registered(count: int, name: str) -> Iterator[tuple[str, ...]]:
    """Registered models without versions, under names of their own."""
    names = tuple(f"{re.sub(r'[^a-z]+', '_', name)[:40]}_{uuid.uuid4().hex[:8]}_{letter}" for letter in "ab"[:count])
    for model in names:
        MlflowClient().create_registered_model(model)
    yield names
    for model in names:
        MlflowClient().delete_registered_model(model)


@pytest.fixture
def models(tracking: Clone, request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """Two registered models of this test's own."""
    with registered(2, request.node.name) as names:
        yield names


@pytest.fixture
def model(tracking: Clone, request: pytest.FixtureRequest) -> Iterator[str]:
    """A registered model of this test's own."""
    with registered(1, request.node.name) as names:
        yield names[0]


@pytest.fixture(scope="session")
def sound(tracking: Clone) -> str:
    """A run that left what the gate accepts."""
    from tests.end_to_end.proposals import log_run, sound_evidence

    return log_run(sound_evidence())

"""MLflow with its log-in switched on: what each role may do, what it is refused, and who is believed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from stack.mlflow_users import GRANTS, UserError, give_role
from stack.settings import Settings, read_env_file
from tests.end_to_end.conftest import ROOT, Clone, clean_environment

MODEL = "access_rights"
NOBODY = "nobody"


@dataclass
class Server:
    """The server that asks, its people's passwords, and things to be touched."""

    uri: str
    settings: Settings
    passwords: dict[str, str]
    experiment: str = ""
    run: str = ""
    logged: str = ""

    def ask(self, who: str, method: str, path: str, **values: object) -> requests.Response:
        """A request to MLflow as this person."""
        place = "params" if method == "GET" else "json"
        return requests.request(
            method, f"{self.uri}/api/2.0/mlflow/{path}", auth=(who, self.passwords[who]), timeout=30,
            **{place: values},  # type: ignore[arg-type]
        )  # fmt: skip

    def fetch(self, who: str, method: str, path: str, **values: object) -> dict[str, object]:
        reply = self.ask(who, method, path, **values)
        assert reply.ok, reply.text
        return dict(reply.json())

    def version(self) -> str:
        """A version for this test to touch."""
        built = self.fetch(
            "admin", "POST", "model-versions/create", name=MODEL, source=f"runs:/{self.run}/model", run_id=self.run
        )
        return str(built["model_version"]["version"])  # type: ignore[index]


def up(clone: Clone, auth: str) -> dict[str, str]:
    done = clone.run("python", "-m", "stack", "up", PRICHAL_MLFLOW_AUTH=auth)
    assert done.returncode == 0, done.stdout + done.stderr
    return read_env_file(clone.state / "env")


@pytest.fixture(scope="module")
def server(clone: Clone) -> Iterator[Server]:
    """The tests' own MLflow, with its log-in; afterwards without."""
    written = up(clone, "on")
    try:
        settings = Settings.load({**clean_environment(clone.state), **written})
        passwords = {"admin": written["MLFLOW_TRACKING_PASSWORD"]}
        for role in GRANTS:
            passwords[role] = make(settings, role, role)
        built = Server(written["MLFLOW_TRACKING_URI"], settings, passwords)
        built.passwords[NOBODY] = "of-nobody-nothing"
        built.fetch("admin", "POST", "users/create", username=NOBODY, password=built.passwords[NOBODY])
        built.experiment = str(built.fetch("admin", "POST", "experiments/create", name="who may")["experiment_id"])
        built.run = run_id(built.fetch("admin", "POST", "runs/create", experiment_id=built.experiment))
        built.fetch("admin", "POST", "registered-models/create", name=MODEL)
        model = built.fetch("admin", "POST", "logged-models", experiment_id=built.experiment, name="m")["model"]
        built.logged = str(model["info"]["model_id"])  # type: ignore[index]
        yield built
    finally:
        written = up(clone, "off")
        assert "MLFLOW_TRACKING_PASSWORD" not in written
        assert requests.get(f"{written['MLFLOW_TRACKING_URI']}/version", timeout=30).status_code == 200


def make(settings: Settings, name: str, role: str) -> str:
    expected_text: list[str] = []
    give_role(settings, name, role, expected_text.append)
    return expected_text[-1].removeprefix("password, shown only once: ")


def run_id(built: Mapping[str, object]) -> str:
    return str(built["run"]["info"]["run_id"])  # type: ignore[index]


#: what may be done -> (who may, how it is tried).
Try = Callable[[Server, str], requests.Response]
ACTS: dict[str, tuple[set[str], Try]] = {
    "read a run": (
        {"author", "reviewer", "scorer", "reader"},
        lambda s, who: s.ask(who, "GET", "runs/get", run_id=s.run),
    ),
    "read a model": (
        {"author", "reviewer", "scorer", "reader"},
        lambda s, who: s.ask(who, "GET", "registered-models/get", name=MODEL),
    ),
    "log a run": (
        {"author", "reviewer", "scorer"},
        lambda s, who: s.ask(who, "POST", "runs/create", experiment_id=s.experiment),
    ),
    "register a version": (
        {"author", "reviewer"},
        lambda s, who: s.ask(
            who, "POST", "model-versions/create", name=MODEL, source=f"runs:/{s.run}/model", run_id=s.run
        ),
    ),
    "propose a challenger": (
        {"author", "reviewer"},
        lambda s, who: s.ask(
            who, "POST", "registered-models/alias", name=MODEL, alias="challenger", version=s.version()
        ),
    ),
    # MLflow cannot tell aliases apart: the author is stopped by the ledger, not here.
    "set production": (
        {"author", "reviewer"},
        lambda s, who: s.ask(
            who, "POST", "registered-models/alias", name=MODEL, alias="production", version=s.version()
        ),
    ),
    "take an alias away": (
        {"reviewer"},
        lambda s, who: s.ask(who, "DELETE", "registered-models/alias", name=MODEL, alias="previous"),
    ),
    "describe a version": (
        {"author", "reviewer"},
        lambda s, who: s.ask(
            who, "PATCH", "model-versions/update", name=MODEL, version=s.version(), description="a review"
        ),
    ),
    "tag a version": (
        {"author", "reviewer"},
        lambda s, who: s.ask(
            who, "POST", "model-versions/set-tag", name=MODEL, version=s.version(), key="a", value="b"
        ),
    ),
    "change a logged model": (
        {"author"},
        lambda s, who: s.ask(who, "PATCH", f"logged-models/{s.logged}/tags", tags=[{"key": "a", "value": "b"}]),
    ),
    "delete a version": (
        set(),
        lambda s, who: s.ask(who, "DELETE", "model-versions/delete", name=MODEL, version=s.version()),
    ),
    "delete a model": (set(), lambda s, who: s.ask(who, "DELETE", "registered-models/delete", name=MODEL)),
    "delete a run": (set(), lambda s, who: s.ask(who, "POST", "runs/delete", run_id=s.run)),
    "delete an experiment": (
        set(),
        lambda s, who: s.ask(who, "POST", "experiments/delete", experiment_id=s.experiment),
    ),
    "make a user": (
        set(),
        lambda s, who: s.ask(who, "POST", "users/create", username="mallory", password="twelve-letters"),
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_each_role_has_the_rights_of_its_row_only(server: Server, act: str) -> None:
    may, attempt = ACTS[act]
    if act == "take an alias away":
        server.fetch("admin", "POST", "registered-models/alias", name=MODEL, alias="previous", version=server.version())
    refused = {who for who in (*GRANTS, NOBODY) if who not in may}
    assert {who: attempt(server, who).status_code for who in sorted(may | refused)} == {
        **dict.fromkeys(may, 200),
        **dict.fromkeys(refused, 403),
    }


def test_without_the_password_every_request_is_refused(server: Server) -> None:
    address = f"{server.uri}/api/2.0/mlflow/experiments/search?max_results=1"
    assert requests.get(address, timeout=30).status_code == 401
    assert requests.get(address, auth=("author", "guessed-password"), timeout=30).status_code == 401
    assert requests.get(address, auth=("admin", "password1234"), timeout=30).status_code == 401


def test_the_creator_of_a_model_owns_it_until_the_role_is_assigned_again(server: Server) -> None:
    server.fetch("author", "POST", "registered-models/create", name="authors_own")
    server.fetch(
        "author",
        "POST",
        "model-versions/create",
        name="authors_own",
        source=f"runs:/{server.run}/model",
        run_id=server.run,
    )
    alias = {"name": "authors_own", "alias": "production"}
    server.fetch("author", "POST", "registered-models/alias", **alias, version="1")
    server.fetch("author", "DELETE", "registered-models/alias", **alias)
    assert make(server.settings, "author", "author") == "the password has not changed"
    server.fetch("author", "POST", "registered-models/alias", **alias, version="1")
    assert server.ask("author", "DELETE", "registered-models/alias", **alias).status_code == 403


def test_another_role_replaces_the_one_before(server: Server) -> None:
    server.passwords["mover"] = make(server.settings, "mover", "reviewer")
    assert server.ask("mover", "POST", "runs/create", experiment_id=server.experiment).status_code == 200
    make(server.settings, "mover", "reader")
    assert server.ask("mover", "POST", "runs/create", experiment_id=server.experiment).status_code == 403


def test_only_the_admin_creates_users(server: Server) -> None:
    fields = {"tracking_user": "reviewer", "tracking_password": server.passwords["reviewer"]}
    asking = Settings.model_validate({**server.settings.model_dump(), **fields})
    with pytest.raises(UserError, match="Only the admin may create users in MLflow, not 'reviewer'"):
        give_role(asking, "friend", "reviewer", lambda line: None)


STEP = """
import os, sys, mlflow
from jobs.runtime.context import Context
from jobs.runtime.run_log import step
from jobs.runtime.run_log import open_tracking
from stack import services
for sign_in in ({}, {"MLFLOW_TRACKING_USERNAME": "scorer", "MLFLOW_TRACKING_PASSWORD": sys.stdin.read()}):
    os.environ.update(sign_in)
    context = Context.of("cdnow")
    services.check(context.settings)
    open_tracking(context)
    with step(context, "walk", {}) as entry:
        mlflow.log_text("by whom", "note.txt")
        print("run", entry.run_id)
"""


def test_a_step_works_with_the_log_in_and_its_run_has_the_account(server: Server, clone: Clone) -> None:
    """The machine's owner needs no setting: `.stack/env` holds the admin's; others set theirs."""
    done = subprocess.run(
        [sys.executable, "-c", STEP], cwd=ROOT, env=clean_environment(clone.state), input=server.passwords["scorer"],
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("run ")]
    assert [author(server, run) for run in runs] == ["admin", "scorer"]


def author(server: Server, run: str) -> str:
    result = server.fetch("admin", "GET", "runs/get", run_id=run)["run"]
    return {tag["key"]: tag["value"] for tag in result["data"]["tags"]}["prichal.author"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("names", "expected_text"),
    [
        ({"MLFLOW_TRACKING_PASSWORD": "another-password"}, "refuses 'admin' with this password"),
        ({"MLFLOW_TRACKING_USERNAME": "stranger"}, "refuses 'stranger' with this password"),
    ],
    ids=["a wrong password", "a name it does not know"],
)
def test_a_check_names_the_problem_of_the_account(
    server: Server, clone: Clone, names: dict[str, str], expected_text: str
) -> None:
    shell = Clone(clone.state, clean_environment(clone.state))
    done = shell.run("python", "-m", "stack", "check", **names)
    assert done.returncode == 2
    assert expected_text in done.stderr
    assert "another-password" not in done.stderr


def test_no_password_is_on_a_command_line_in_a_log_or_readable_by_others(server: Server, clone: Clone) -> None:
    secrets = [*json.loads((clone.state / "secrets.json").read_text()).values(), *server.passwords.values()]
    lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    logs = {path: path.read_text(errors="replace") for path in clone.state.rglob("*.log")}
    assert any("Uvicorn running" in text for text in logs.values()), "a log that tells nothing proves nothing"
    assert not [line for line in lines if any(secret in line for secret in secrets)]
    assert not [path for path, text in logs.items() if any(secret in text for secret in secrets)]
    holding = [path for path in (clone.state / "mlflow").rglob("*") if path.is_file() and holds(path, secrets)]
    assert [path.name for path in holding] == ["auth.ini"]
    assert holding[0].stat().st_mode & 0o077 == 0


def holds(path: Path, secrets: list[str]) -> bool:
    return any(secret in path.read_text(errors="replace") for secret in secrets)


def test_the_log_in_changes_no_address(server: Server, clone: Clone) -> None:
    assert server.uri == clone.environment["MLFLOW_TRACKING_URI"]


def test_a_second_up_keeps_the_server_with_the_log_in(server: Server, clone: Clone) -> None:
    """The setting is kept in `.stack/env`: it need not be given again."""
    before = (clone.state / "run" / "mlflow.json").read_text()
    shell = Clone(clone.state, clean_environment(clone.state))
    assert shell.run("python", "-m", "stack", "up").returncode == 0
    assert (clone.state / "run" / "mlflow.json").read_text() == before

"""The services: start, find, stop; beside another clone; as an ordinary user; in an environment made by MLflow."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from stack.process import HOST, Records, Started, free_ports, wait_until
from tests.end_to_end.conftest import ROOT, Clone, bring_up, clean_environment, started_clone, take_down
from tests.end_to_end.keeper import stop_with_parent
from tests.end_to_end.scan import find_open_services


def pids(state: Path) -> dict[str, int]:
    return {path.stem: json.loads(path.read_text())["pid"] for path in (state / "run").glob("*.json")}


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Clone]:
    """Another clone on the same machine, whose MLflow asks for a name from the first start."""
    with started_clone(PRICHAL_MLFLOW_AUTH="on") as built:
        yield built


def start_unprotected_weed(clone: Clone) -> Started:
    """Servers without keys in the record of S3; without filer and S3, which take long to stop."""
    records, ports, folder = Records(clone.state / "run"), free_ports(4), clone.state / "earlier"
    last = records.read("s3")
    assert last is not None
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    options = " ".join(f"-{name}={port}" for name, port in zip(names, ports, strict=True))
    folder.mkdir()
    # By a shell that ends, so that this process is not the one to bury it.
    command = f"weed server -ip={HOST} -dir={folder} -master.telemetry=false {options} >{folder}/log 2>&1 & echo $!"
    started = Started.of(int(clone.run("setsid", "sh", "-c", command).stdout), last.ports)
    records.write("s3", started)
    address = f"http://{HOST}:{ports[0]}/cluster/status"
    wait_until(lambda: answers_http(address), started.is_alive, "weed", folder / "log", 30)
    return started


def answers_http(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_two_clones_run_side_by_side(clone: Clone, neighbour: Clone) -> None:
    mine, theirs = pids(clone.state), pids(neighbour.state)
    assert set(mine) == set(theirs) == {"postgres", "s3", "mlflow"}
    assert not set(mine.values()) & set(theirs.values())
    assert neighbour.environment["MLFLOW_TRACKING_URI"] != clone.environment["MLFLOW_TRACKING_URI"]
    assert neighbour.run("python", "-m", "stack", "check").returncode == 0
    assert clone.run("python", "-m", "stack", "check").returncode == 0


def test_down_stops_its_services_and_runs_and_artifacts_remain(clone: Clone, neighbour: Clone) -> None:
    log = "import mlflow; mlflow.set_experiment('kept'); mlflow.start_run(); mlflow.log_text('here', 'note.txt')"
    read = (
        "import mlflow; run = mlflow.search_runs(experiment_names=['kept']).iloc[0].run_id; "
        "print(mlflow.artifacts.load_text(f'runs:/{run}/note.txt'))"
    )
    assert neighbour.run("python", "-c", log).returncode == 0
    stopped = pids(neighbour.state)
    take_down(neighbour.state)
    assert not [pid for pid in stopped.values() if psutil.pid_exists(pid)]
    assert all(psutil.pid_exists(pid) for pid in pids(clone.state).values())
    # What an earlier release started, with inner servers that ask for nothing, is replaced.
    earlier = start_unprotected_weed(neighbour)
    repeated = bring_up(neighbour.state)
    assert not earlier.is_alive()
    assert repeated.environment["MLFLOW_TRACKING_URI"] == neighbour.environment["MLFLOW_TRACKING_URI"]
    assert repeated.run("python", "-c", read).stdout.strip() == "here"
    expected = "select count(*) from information_schema.tables where table_name = 'experiments'"
    assert repeated.rows(expected) == [(0,)], "MLflow has a database of its own, apart from the mart's"


def test_mlflow_requires_a_log_in_from_the_first_up(neighbour: Clone, tmp_path: Path) -> None:
    assert requests.get(f"{neighbour.environment['MLFLOW_TRACKING_URI']}/version", timeout=30).status_code == 401
    assert find_open_services(neighbour.state, tmp_path) == {}


def test_a_second_up_keeps_running_services_and_addresses(clone: Clone) -> None:
    before = pids(clone.state), (clone.state / "env").read_text()
    done = clone.run("python", "-m", "stack", "up")
    assert done.returncode == 0, done.stderr
    assert (pids(clone.state), (clone.state / "env").read_text()) == before


def test_services_configured_elsewhere_are_not_started(clone: Clone, tmp_path: Path) -> None:
    names = (
        "DATABASE_URL",
        "MLFLOW_TRACKING_URI",
        "MLFLOW_S3_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    )
    elsewhere = {name: clone.environment[name] for name in names}
    second = Clone(tmp_path / "state", {**clean_environment(tmp_path / "state"), **elsewhere})
    done = second.run("python", "-m", "stack", "up")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("elsewhere") == 3
    assert not pids(second.state)


def test_only_the_owner_can_read_the_secrets(clone: Clone) -> None:
    for name in ("env", "secrets.json"):
        assert (clone.state / name).stat().st_mode & 0o077 == 0, name


def test_no_password_is_on_a_command_line(clone: Clone) -> None:
    secrets = json.loads((clone.state / "secrets.json").read_text()).values()
    lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if any(secret in line for secret in secrets)]


@pytest.mark.skipif(os.geteuid() != 0, reason="this run is by an ordinary user already")
def test_an_ordinary_user_can_start_the_services(clone: Clone) -> None:
    """`clone`, started by root, has made the system user; here it plays the ordinary one, in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="prichal-test-") as home:
        shutil.chown(home, "pgserver", "pgserver")
        environment = {**clean_environment(Path(home) / "state"), "HOME": home}
        who = {"user": "pgserver", "group": "pgserver", "extra_groups": []}
        try:
            subprocess.run([sys.executable, "-c", ""], **who, cwd="/", check=True)
        except PermissionError:
            pytest.skip("this environment's Python lies in a folder that other users may not enter")
        with stop_with_parent(Path(home) / "state"):
            for act in ("up", "check", "down"):
                done = subprocess.run(
                    [sys.executable, "-m", "stack", act], cwd=ROOT, env=environment, **who, text=True,
                    capture_output=True, check=False,
                )  # fmt: skip
                assert done.returncode == 0, done.stdout + done.stderr

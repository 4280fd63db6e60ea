"""Ports, and processes that outlive the command which started them."""

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.errors import PortTakenError, ServiceError
from stack.process import HOST, Records, Started, choose_port, free_ports, launch, stop, wait_until
from tests.unit.builders import is_one_sentence


@pytest.fixture(params=[HOST, "0.0.0.0"])  # noqa: S104  # whom the other process listens to is the case
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind((request.param, 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_requested_port_that_is_taken_is_an_error_with_its_setting(taken: int):
    with pytest.raises(PortTakenError, match=f"^PRICHAL_S3_PORT={taken}: port {taken} is taken") as caught:
        choose_port(taken, None, "PRICHAL_S3_PORT")
    assert is_one_sentence(caught.value)


def test_the_last_port_is_given_up_silently_when_it_is_taken(taken: int):
    assert choose_port(None, taken, "PRICHAL_S3_PORT") != taken


def test_a_requested_port_is_preferred_to_the_last_one():
    requested, last = free_ports(2)
    assert choose_port(requested, last, "PRICHAL_S3_PORT") == requested
    assert choose_port(None, last, "PRICHAL_S3_PORT") == last


def test_free_ports_are_all_different():
    assert len(set(free_ports(20))) == 20


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Started]:
    """A process that has started another one."""
    inner = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {'import time; time.sleep(60)'!r}])"
    pid = launch([sys.executable, "-c", f"{inner}; print('up', flush=True); time.sleep(60)"],
                 tmp_path / "log", {}, tmp_path)  # fmt: skip
    started = Started.of(pid, {"http": 1})
    wait_until(lambda: "up" in (tmp_path / "log").read_text(), started.is_alive, "the sleeper", tmp_path / "log", 20)
    yield started
    stop(started, seconds=0.2)


def test_stopping_a_process_ends_what_it_started_too(sleeper: Started):
    import psutil

    children = psutil.Process(sleeper.pid).children(recursive=True)
    assert children
    stop(sleeper, seconds=0.2)
    assert not sleeper.is_alive()
    assert not any(child.is_running() for child in children)


def test_a_process_with_a_reused_id_does_not_match_the_record(sleeper: Started, tmp_path: Path):
    records = Records(tmp_path / "run")
    assert records.read("mlflow") is None
    records.write("mlflow", sleeper)
    result = records.read("mlflow")
    assert result == sleeper
    assert result.is_alive()
    assert not Started(sleeper.pid, sleeper.created - 100, {}).is_alive()


@pytest.mark.parametrize(
    ("alive", "expected_text"),
    [
        pytest.param(False, r"MLflow ended while starting: no such table \(whole log: ", id="it ended"),
        pytest.param(True, r"MLflow did not answer within 0 s: no such table \(whole log: ", id="it hangs"),
    ],
)
def test_a_service_that_does_not_start_is_an_error_with_its_last_log_line(
    alive: bool, expected_text: str, tmp_path: Path
):
    log = tmp_path / "log"
    log.write_text("starting\nno such table\n")
    began = time.monotonic()
    with pytest.raises(ServiceError, match=expected_text) as caught:
        wait_until(lambda: False, lambda: alive, "MLflow", log, 0.3)
    assert time.monotonic() - began < 5
    assert is_one_sentence(caught.value)

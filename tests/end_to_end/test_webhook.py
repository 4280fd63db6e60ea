"""Decisions told to a real HTTP server: once each, in order, signed, and again when it was away."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from pydantic import SecretStr

from registry.ledger import webhook
from registry.ledger.webhook import post_decisions
from stack import postgres
from stack.settings import Settings
from tests.end_to_end.conftest import Clone

#: what telling reads of the ledger.
LEDGER = """
create schema if not exists ops;
create table if not exists ops.promotions (
  id bigint primary key, happened_at timestamptz not null default now(), who text, model_name text, act text,
  version text, replaced_version text, reason text, row_hash text);
drop table if exists ops.deliveries;
create table ops.deliveries (id bigint primary key, run text not null, delivered_at timestamptz);
grant usage on schema ops to prichal_mover;
grant select on ops.promotions to prichal_mover;
grant select, insert, update on ops.deliveries to prichal_mover;
truncate ops.promotions;
"""


class Receiver(ThreadingHTTPServer):
    """Keeps what it was sent; `answers` are its next statuses, then 204."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", 0), Ear)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?token=hush-hush"

    def ids(self) -> list[int]:
        return [json.loads(body)["id"] for _, body in self.heard]


class Ear(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Location", f"{self.server.url}&moved")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(webhook, "PAUSE", 0)
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def url(clone: Clone) -> str:
    """An empty ledger in a database of its own."""
    passwords = json.loads((clone.state / "secrets.json").read_text())
    port = json.loads((clone.state / "run" / "postgres.json").read_text())["ports"]["sql"]
    postgres.create_database(port, passwords, "webhook", owner="prichal")
    built = postgres.url("prichal", passwords["prichal"], port, "webhook")
    with postgres.connect(built) as connection:
        connection.execute(LEDGER)
    return built


def decide(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into ops.promotions values (%s, now(), 'rita', 'churn', 'promote', '2', '1', 'because', 'beef')",
            [number],
        )


def settings(address: str | None, key: str | None = None) -> Settings:
    return Settings(
        decisions_url=SecretStr(address) if address else None, decisions_key=SecretStr(key) if key else None
    )


def test_a_decision_is_delivered_once_complete_and_signed(url: str, receiver: Receiver) -> None:
    lines: list[str] = []
    decide(url, 7)
    for _ in range(2):
        post_decisions(url, settings(receiver.url, "key"), {7: "http://mlflow/run"}, lines.append)
    (headers, body), *more = receiver.heard
    assert not more
    assert not lines
    text = json.loads(body)
    assert text.pop("happened_at").startswith("20")
    assert text == {
        "id": 7, "hash": "beef", "model": "churn", "act": "promote", "version": "2", "replaced": "1", "who": "rita",
        "reason": "because", "run": "http://mlflow/run",
    }  # fmt: skip
    assert headers["X-Prichal-Signature"] == f"sha256={hmac.new(b'key', body, hashlib.sha256).hexdigest()}"


def test_decisions_before_the_first_delivery_are_not_sent(url: str, receiver: Receiver) -> None:
    for number in (1, 2, 3):
        decide(url, number)
    post_decisions(url, settings(receiver.url), {3: "run"}, pytest.fail)
    assert receiver.ids() == [3]
    assert "X-Prichal-Signature" not in receiver.heard[0][0]


def test_an_undelivered_decision_is_sent_before_the_next(url: str, receiver: Receiver) -> None:
    for number in (1, 2, 3):
        decide(url, number)
        if number != 2:  # the process that wrote row 2 was killed right after it
            post_decisions(url, settings(receiver.url), {number: "run"}, pytest.fail)
    assert receiver.ids() == [1, 2, 3]


@pytest.mark.parametrize(
    ("answers", "expected_text"),
    [
        ([500, 500, 500], "HTTP status 500"),
        ([404, 404, 404], "HTTP status 404"),
        ([302, 302, 302], "HTTP status 302"),
    ],
)
def test_a_refusing_receiver_gets_three_attempts_per_decision(
    url: str, receiver: Receiver, answers: list[int], expected_text: str
) -> None:
    receiver.answers = list(answers)
    lines: list[str] = []
    decide(url, 1)
    post_decisions(url, settings(receiver.url), {1: "first"}, lines.append)
    assert receiver.ids() == [1, 1, 1]
    assert len(lines) == 1
    assert expected_text in lines[0]
    assert "hush-hush" not in lines[0]
    decide(url, 2)
    post_decisions(url, settings(receiver.url), {2: "second"}, lines.append)
    assert receiver.ids()[3:] == [1, 2]
    assert [json.loads(body)["run"] for _, body in receiver.heard[3:]] == ["first", "second"]
    assert len(lines) == 1


def test_one_failed_attempt_is_no_failure(url: str, receiver: Receiver) -> None:
    receiver.answers = [503]
    decide(url, 1)
    post_decisions(url, settings(receiver.url), {1: "run"}, pytest.fail)
    assert receiver.ids() == [1, 1]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/hush-hush", "gopher://hush-hush", "hush-hush"], ids=["nobody", "a scheme", "none"]
)
def test_an_unreachable_address_stops_nothing_and_is_not_shown(url: str, receiver: Receiver, address: str) -> None:
    lines: list[str] = []
    decide(url, 1)
    post_decisions(url, settings(address), {1: "run"}, lines.append)
    assert len(lines) == 1
    assert "PRICHAL_DECISIONS_URL did not accept decision 1" in lines[0]
    assert "hush-hush" not in lines[0]


def test_an_unavailable_database_stops_nothing(receiver: Receiver) -> None:
    lines: list[str] = []
    post_decisions(
        "postgresql://prichal:hush-hush@127.0.0.1:9/prichal", settings(receiver.url), {1: "run"}, lines.append
    )
    assert len(lines) == 1
    assert "does not answer" in lines[0]
    assert "hush-hush" not in lines[0]


def test_without_an_address_no_delivery_is_recorded(url: str, receiver: Receiver) -> None:
    decide(url, 1)
    post_decisions(url, settings(None), {1: "run"}, pytest.fail)
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from ops.deliveries").fetchone() == (0,)
    assert not receiver.heard

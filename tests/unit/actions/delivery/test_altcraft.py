"""Requests to Altcraft, and what its answers mean."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from actions.delivery import altcraft
from actions.delivery.altcraft import Altcraft
from actions.delivery.http_post import NoReplyError, Reply
from actions.delivery.platform import Answers, Contact

TOKEN = "hush-hush"


def contact(number: int) -> Contact:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    return Contact(number, "shop-2026-03-02", f"u{number}", "push_none_1", "push", "none", 1, at, 1, f"key {number}")


CONTACTS = [contact(number) for number in range(3)]
ACCEPTED, REFUSED = {"error": 0, "profile_id": "p"}, {"error": 7, "error_text": f"bad profile, {TOKEN}."}


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answers]:
    """Send three contacts to a server with this answer."""

    def answers(content: object, status: int = 200, **headers: str) -> Answers:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        monkeypatch.setattr(altcraft, "post_json", lambda *_: Reply(status, headers, body))
        return platform().send(CONTACTS)

    return answers


def platform(**changes: Any) -> Altcraft:
    values = {"url": "https://a", "token": SecretStr(TOKEN), "database": 5, "entity": "user_id", "rate": 1e6}
    return Altcraft(**{**values, **changes})


def test_a_request_has_the_documented_fields_and_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[bytes] = []

    def post(*arguments: Any) -> Reply:
        bodies.append(arguments[2])
        return Reply(200, {}, json.dumps({"error": 0, "result": [ACCEPTED] * 3}).encode())

    monkeypatch.setattr(altcraft, "post_json", post)
    assert platform().send(CONTACTS).results == {0: None, 1: None, 2: None}
    request = json.loads(bodies[0])
    first, *_ = request.pop("data")
    assert request == {
        "token": TOKEN, "db_id": 5, "matching": "custom", "field_name": "user_id", "skip_triggers": True,
        "skip_invalid_subscriptions": True,
    }  # fmt: skip
    assert first == {
        "user_id": "u0", "prichal_campaign": "shop-2026-03-02", "prichal_action": "push_none_1",
        "prichal_offer": "none", "prichal_contact": 1, "prichal_planned_for": "2026-03-02T09:30:00Z",
    }  # fmt: skip


def test_refused_profiles_have_a_reason_without_the_token(send: Callable[..., Answers]) -> None:
    answers = send({"error": 0, "result": [ACCEPTED, REFUSED, ACCEPTED]})
    assert answers.results == {0: None, 1: "error 7: bad profile, (hidden)", 2: None}
    assert answers.failure is None


def test_a_profile_that_one_of_two_answers_accepts_is_accepted(send: Callable[..., Answers]) -> None:
    answers = send({"error": 0, "result": [ACCEPTED, REFUSED, REFUSED, REFUSED, ACCEPTED, REFUSED]})
    assert answers.results == {0: None, 1: None, 2: "error 7: bad profile, (hidden)"}


@pytest.mark.parametrize(
    "content",
    [
        b"<html>", b"", [], None, {"error": None}, {"error": "x"}, {"result": [ACCEPTED] * 3}, {"error": 0},
        {"error": 0, "result": []}, {"error": 0, "result": [ACCEPTED] * 2}, {"error": 0, "result": [1, 2, 3]},
        {"error": 0, "result": {"error": 0}},
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_leaves_the_contacts_unknown(
    send: Callable[..., Answers], content: object
) -> None:
    answers = send(content)
    assert not answers.results
    assert answers.failure is not None
    assert answers.failure.endswith(".")
    assert not answers.is_refused


@pytest.mark.parametrize(
    ("status", "is_refused"),
    [(400, True), (401, True), (403, True), (404, True), (302, True), (408, False), (429, False), (500, False)],
)
def test_a_refused_request_is_not_repeated_and_a_temporary_failure_is(
    send: Callable[..., Answers], status: int, is_refused: bool
) -> None:
    answers = send({}, status)
    assert (answers.is_refused, answers.results) == (is_refused, {})
    assert f"HTTP status {status}" in str(answers.failure)


def test_an_error_of_the_whole_request_is_a_refusal_without_the_token(send: Callable[..., Answers]) -> None:
    answers = send({"error": 3, "error_text": f"invalid token {TOKEN}"})
    assert answers.is_refused
    assert "(error 3: invalid token (hidden))" in str(answers.failure)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("86400", 60), ("tomorrow", 0), ("-1", 0)])
def test_a_server_may_ask_for_a_pause_of_a_minute_at_most(
    send: Callable[..., Answers], header: str, seconds: float
) -> None:
    assert send({}, 429, **{"retry-after": header}).pause_seconds == seconds


def test_contacts_before_a_failed_request_keep_their_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    replies = [Reply(200, {}, json.dumps({"error": 0, "result": [ACCEPTED]}).encode())]

    def post(*_: Any) -> Reply:
        if not replies:
            raise NoReplyError("no complete answer (TimeoutError)")
        return replies.pop()

    monkeypatch.setattr(altcraft, "post_json", post)
    answers = platform(batch_rows=1).send(CONTACTS)
    assert answers.results == {0: None}
    assert answers.failure == "Altcraft gave no complete answer (TimeoutError)."


def test_requests_keep_the_distance_of_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now, pauses = [100.0], []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(altcraft.time, "sleep", sleep)
    monkeypatch.setattr(altcraft.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(
        altcraft, "post_json", lambda *_: Reply(200, {}, json.dumps({"error": 0, "result": [ACCEPTED]}).encode())
    )
    platform(batch_rows=1, rate=4.0).send(CONTACTS)
    assert pauses == [0.0, 0.25, 0.25]


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in f"{platform()!r} {platform()}"

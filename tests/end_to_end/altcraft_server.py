"""A stand-in for Altcraft: it follows the documented API over real HTTP and misbehaves on demand.

A profile has the fields of one contact. A message goes out when the contact's fields change, as a segment with a
campaign does; so `contacts` counts what a person would receive.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hush-hush-token"
DATABASE = 5
IMPORT_PATH = "/api/v1.1/profiles/import_batch"
MAX_BYTES, MAX_PROFILES = 10_000_000, 10_000


class AltcraftServer(ThreadingHTTPServer):
    """Keeps profiles; `misbehaviours` are those of its next requests.

    Attributes:
        refused: users whose profiles it refuses.
        contacts: (user, campaign, contact) -> messages that the person would receive.
        pause: seconds of `slow` and of `accept and time out`.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.misbehaviours: list[str] = []
        self.refused: set[str] = set()
        self.profiles: dict[str, dict[str, Any]] = {}
        self.contacts: Counter[tuple[str, str, int]] = Counter()
        self.sizes: list[tuple[int, int]] = []
        self.history: list[dict[str, Any]] = []
        self.pause = 1.5
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def import_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request."""
        if request.get("token") != TOKEN:
            return {"error": 3, "error_text": f"Invalid token {request.get('token')}"}
        if request.get("db_id") != DATABASE or request.get("matching") != "custom":
            return {"error": 4, "error_text": "Unknown database or matching"}
        if len(request["data"]) > MAX_PROFILES:
            return {"error": 5, "error_text": "Too many profiles"}
        with self.lock:
            result = [self._import(profile, request["field_name"]) for profile in request["data"]]
        return {"error": 0, "error_text": "Successful operation", "result": result}

    def _import(self, profile: dict[str, Any], field_name: str) -> dict[str, Any]:
        user = profile[field_name]
        if user in self.refused:
            return {"error": 400, "error_text": "Invalid profile"}
        before = self.profiles.get(user, {})
        key = (user, profile["prichal_campaign"], profile["prichal_contact"])
        if key[1:] != (before.get("prichal_campaign"), before.get("prichal_contact")):
            self.contacts[key] += 1
        self.profiles[user] = {**before, **profile}
        return {"error": 0, "error_text": "Successful operation", "profile_id": f"p-{user}"}

    def contacted_twice(self) -> list[tuple[str, str, int]]:
        return [key for key, count in self.contacts.items() if count != 1]


class _Handler(BaseHTTPRequestHandler):
    server: AltcraftServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        with self.server.lock:
            misbehaviour = self.server.misbehaviours.pop(0) if self.server.misbehaviours else ""
            self.server.sizes.append((len(body), len(request.get("data", ()))))
        if len(body) > MAX_BYTES:
            self._answer(413, {})
        elif self.path != IMPORT_PATH or self.headers["Content-Type"] != "application/json":
            self._answer(404, {})
        else:
            self._import(request, misbehaviour)

    def _import(self, request: dict[str, Any], misbehaviour: str) -> None:
        if misbehaviour.isdigit():
            self._answer(int(misbehaviour), {})
        elif misbehaviour == "cut":
            self.close_connection = True
        elif misbehaviour == "no JSON":
            self._answer(200, "<html>")
        else:
            self._import_and_answer(request, misbehaviour)

    def _import_and_answer(self, request: dict[str, Any], misbehaviour: str) -> None:
        answer = self.server.import_batch(request)
        if misbehaviour == "answer twice":
            answer["result"] += self.server.import_batch(request)["result"]
        if misbehaviour == "short":
            answer["result"].pop()
        if misbehaviour in ("slow", "accept and time out"):
            time.sleep(self.server.pause / (5 if misbehaviour == "slow" else 1))
        self._answer(502 if misbehaviour == "accept and fail" else 200, answer, cut=misbehaviour == "accept and cut")

    def _answer(self, status: int, answer: object, cut: bool = False) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def altcraft_server() -> Iterator[AltcraftServer]:
    server = AltcraftServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()

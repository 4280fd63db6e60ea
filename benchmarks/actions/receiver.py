"""A receiver of contacts over HTTP that counts them and answers as Altcraft; it fails some requests on demand."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """Counts contacts.

    Attributes:
        failing: each request whose number is a multiple of it is carried out, but its answer is cut; 0 for none.
        requests: number of requests.
        contacts: (person, campaign, contact) -> how often its fields replaced other ones.
    """

    def __init__(self, failing: int) -> None:
        self.failing, self.requests = failing, 0
        self.contacts: Counter[tuple[str, str, int]] = Counter()
        self._fields: dict[str, tuple[str, int]] = {}
        super().__init__(("127.0.0.1", 0), _Handler)

    def set_fields(self, entity: str, campaign: str, contact: int) -> None:
        """Set the fields of a person; a person is contacted when they change."""
        if self._fields.get(entity) != (campaign, contact):
            self._fields[entity] = (campaign, contact)
            self.contacts[entity, campaign, contact] += 1


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:  # the library's name
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests += 1
        for profile in request["data"]:
            entity = profile[request["field_name"]]
            self.server.set_fields(entity, profile["prichal_campaign"], profile["prichal_contact"])
        answer = json.dumps({"error": 0, "result": [{"error": 0} for _ in request["data"]]}).encode()
        is_cut = self.server.failing and self.server.requests % self.server.failing == 0
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer[: len(answer) // 2] if is_cut else answer)

    def log_message(self, format: str, *args: object) -> None:  # the library's name
        """Print nothing."""


@contextmanager
def receiver(failing: int = 0) -> Iterator[Receiver]:
    """A running receiver."""
    server = Receiver(failing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()

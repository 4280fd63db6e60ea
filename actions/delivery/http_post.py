"""One POST of JSON over HTTP, with a limit on its whole duration and on the size of the answer."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from stack.errors import PrichalError

#: bytes of an answer that are read at once, and in all.
CHUNK, MAX_ANSWER = 1 << 12, 1 << 26
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


class NoReplyError(PrichalError):
    """A request got no complete answer: it may have been carried out or not."""


@dataclass(frozen=True)
class Reply:
    """Status, headers with lower-case names, and content of an answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def post_json(address: str, path: str, body: bytes, seconds: float) -> Reply:
    """Post a body of JSON; redirects are not followed.

    Args:
        address: `http://` or `https://`, host, and an optional path before `path`.
        path: such as `/api/v1.1/profiles/import_batch`.
        body: the JSON.
        seconds: the most that connecting, and the whole answer, may last each.

    Raises:
        NoReplyError: no complete answer in time. The sentence has no part of the body and no address.
    """
    url = urlsplit(address)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=seconds)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    try:
        connection.request("POST", url.path.rstrip("/") + path, body, headers)
        response = connection.getresponse()
        content = _read(response, time.monotonic() + seconds)
    except (OSError, http.client.HTTPException) as error:
        raise NoReplyError(f"no complete answer ({type(error).__name__})") from None
    finally:
        connection.close()
    return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


def is_encrypted_or_local(address: str) -> bool:
    """Whether nobody on the network can read what is sent there."""
    url = urlsplit(address)
    return url.scheme == "https" or url.hostname in LOCAL_HOSTS


def _read(response: http.client.HTTPResponse, until: float) -> bytes:
    content = bytearray()
    while chunk := response.read(CHUNK):
        content += chunk
        if time.monotonic() > until:
            raise TimeoutError
        if len(content) > MAX_ANSWER:
            raise http.client.HTTPException
    if response.length:  # `read` ends quietly where the connection was cut
        raise http.client.IncompleteRead(bytes(content))
    return bytes(content)

"""What another user of the machine finds in a running stack: files to read, sockets and ports that answer."""

import pwd
import socket
import ssl
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg

from stack.mutual_tls import write_security
from stack.process import HOST, Records

#: what SeaweedFS's masters, volumes and filers, S3 and MLflow are asked for; health checks are not among it.
REQUESTS = (
    *(f"GET {path}" for path in ("/", "/dir/assign", "/dir/status", "/cluster/status", "/vol/status", "/stats/disk")),
    *(f"GET {path}" for path in ("/ui/index.html", "/metrics", "/debug/pprof/", "/buckets/", "/prichal/", "/topics/")),
    *(f"GET {path}" for path in ("/version", "/api/2.0/mlflow/experiments/search?max_results=9")),
    *(f"GET {path}" for path in ("/ajax-api/2.0/mlflow/experiments/search?max_results=9", "/graphql")),
    "GET /api/2.0/mlflow-artifacts/artifacts",
    *(f"PUT {path}" for path in ("/buckets/prichal/intruder", "/prichal/intruder")),
    *(f"POST {path}" for path in ("/dir/assign", "/submit", "/?Action=ListUsers&Version=2010-05-08")),
    *(f"DELETE {path}" for path in ("/buckets/prichal/mlflow?recursive=true", "/prichal")),
)
#: opens HTTP/2, which gRPC is spoken over; a server answers it with its settings.
HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"


def open_to(user: str, paths: Iterable[Path]) -> list[str]:
    """Those of the paths that this user of the system may read or write."""
    entry = pwd.getpwnam(user)
    script = 'while IFS= read -r path; do if [ -r "$path" ] || [ -w "$path" ]; then echo "$path"; fi; done'
    done = subprocess.run(
        ["sh", "-c", script], input="\n".join(map(str, paths)), cwd="/", text=True, capture_output=True, check=True,
        user=entry.pw_uid, group=entry.pw_gid, extra_groups=[],
    )  # fmt: skip
    return done.stdout.splitlines()


def find_sockets(state: Path) -> list[Path]:
    """The socket files that the started processes listen on."""
    return [Path(results.laddr) for _, results in _connections(state, "unix") if results.laddr]


def find_ports(state: Path) -> list[tuple[str, int]]:
    """Service and number of each port that the started processes listen on."""
    listening = [(service, results) for service, results in _connections(state, "inet") if results.status == "LISTEN"]
    assert {results.laddr.ip for _, results in listening} == {HOST}
    return sorted({(service, results.laddr.port) for service, results in listening})


def find_open_services(state: Path, scratch: Path) -> dict[str, list[str]]:
    """What each service answers on any of its ports to somebody without a key; who refuses all is left out."""
    results: dict[str, list[str]] = {}
    for service, port in find_ports(state):
        if service == "postgres":
            answers = [f"SQL as {user}" for user in ("postgres", "prichal", "mlflow") if _lets_in(port, user)]
        else:
            answers = find_answers(port, scratch)
        results[service] = results.get(service, []) + answers
    return {service: answers for service, answers in results.items() if answers}


def find_answers(port: int, scratch: Path) -> list[str]:
    """What a port answers to somebody without a key, or with a certificate of somebody else."""
    messages = {request: f"{request} HTTP/1.0\r\nHost: {HOST}:{port}\r\n\r\n".encode() for request in REQUESTS}
    messages["HTTP/2"] = HTTP_2
    results = [request for request, message in messages.items() if _is_answer(_talk(port, message, None))]
    write_security(scratch)
    for who, certificate in (("no certificate", None), ("a foreign certificate", scratch)):
        for request in ("GET / HTTP/1.0", "HTTP/2"):
            context = _tls(certificate, "h2" if request == "HTTP/2" else "http/1.1")
            if _is_answer(_talk(port, messages.get(request, b"GET / HTTP/1.0\r\n\r\n"), context)):
                results.append(f"{request} by TLS with {who}")
    return results


def _connections(state: Path, kind: str) -> Iterator[tuple[str, Any]]:
    records = Records(state / "run")
    for service in ("postgres", "s3", "mlflow"):
        started = records.read(service)
        assert started is not None
        assert started.is_alive()
        process = psutil.Process(started.pid)
        for member in (process, *process.children(recursive=True)):
            yield from ((service, results) for results in member.net_connections(kind))


def _tls(certificate: Path | None, protocol: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    if certificate:
        context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    return context


def _talk(port: int, message: bytes, context: ssl.SSLContext | None) -> bytes:
    try:
        with (
            socket.create_connection((HOST, port), timeout=5) as plain,
            # It takes over the plain socket, which then has nothing left to close.
            context.wrap_socket(plain) if context else plain as connection,
        ):
            connection.sendall(message)
            reply = b""
            while len(reply) < 4096 and (part := connection.recv(4096)):
                reply += part
                if message == HTTP_2:
                    break
            return reply
    except OSError:  # refused or cut off: that is what is looked for
        return b""


def _is_answer(reply: bytes) -> bool:
    """Whether it is HTTP/2's settings, or a status below 400 that comes with a content."""
    head, _, content = reply.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1] if head.startswith(b"HTTP/1") else b""
    return reply[3:5] == b"\4\0" or (status.isdigit() and int(status) < 400 and len(content) > 0)


def _lets_in(port: int, user: str) -> bool:
    try:
        psycopg.connect(host=HOST, port=port, user=user, dbname="prichal", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True

"""Mutual TLS between the internal servers of SeaweedFS: they refuse clients without a certificate of this clone.

Without it, the master, volume and filer ports let every user of the machine read and replace objects.

`python -m stack.mutual_tls weed server ...` runs that command with mutual TLS; the container uses this.
"""

import json
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stack.folders.atomic import replace_text
from stack.process import HOST

#: validity of a certificate; each start creates a new one.
VALID_DAYS = 3650
#: SeaweedFS's names of its servers, over gRPC and over HTTP. `client` connects to them.
GRPC_SERVERS = ("master", "volume", "filer", "s3")
HTTP_SERVERS = ("master", "volume", "filer")


def security_option(folder: Path) -> str:
    """The option by which `weed` reads the `security.toml` in `folder`; it comes before the name of the server."""
    return f"-config_dir={folder}"


def write_security(folder: Path) -> None:
    """Write a new certificate, its key and SeaweedFS's `security.toml` into `folder`, readable by the owner only."""
    certificate, key = _make_certificate()
    replace_text(folder / "certificate.pem", certificate, mode=0o600)
    replace_text(folder / "key.pem", key, mode=0o600)
    replace_text(folder / "security.toml", _security_toml(folder), mode=0o600)


def main(command: list[str]) -> int:
    """Replace this process by `command`, a `weed` with its options."""
    program, *options = command
    folder = Path(tempfile.mkdtemp(prefix="prichal-weed-"))
    os.umask(0o077)
    write_security(folder)
    os.execvp(program, [program, security_option(folder), *options])  # noqa: S606  # the container's own command
    return 0


def _make_certificate() -> tuple[str, str]:
    """A self-signed certificate and its key; a process with the key is trusted."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def _security_toml(folder: Path) -> str:
    certificate, key = (json.dumps(str(folder / name), ensure_ascii=False) for name in ("certificate.pem", "key.pem"))
    pair, authority = f"cert = {certificate}\nkey = {key}\n", f"ca = {certificate}\n"
    grpc = [f"[grpc.{server}]\n{pair}" for server in (*GRPC_SERVERS, "client")]
    http = [f"[https.{server}]\n{pair}{authority}" for server in HTTP_SERVERS]
    return "\n".join([f"[grpc]\n{authority}", *grpc, *http, f"[https.client]\nenabled = true\n{pair}{authority}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""S3: SeaweedFS from its wheel, or any endpoint."""

from pathlib import Path

import boto3
import psutil
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from stack.errors import ServiceError
from stack.mutual_tls import security_option, write_security
from stack.process import HOST, Records, Started, choose_port, free_ports, launch, stop, wait_until
from stack.settings import Settings

#: other ports of `weed server`; each is a free port, so that two clones do not conflict.
INTERNAL_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
         "s3.port.grpc")  # fmt: skip


def start(folder: Path, records: Records, weed: Path, requested_port: int | None, key: str, secret: str) -> Started:
    """Start an S3 server with its data in `folder` and one access key, and return its process.

    Its internal servers answer each other only. A server of an earlier release, whose internal servers answer
    everybody, is replaced.
    """
    last = records.read("s3")
    if last is not None and last.is_alive():
        if security_option(folder) in psutil.Process(last.pid).cmdline():
            return last
        stop(last)
    write_security(folder)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    port = choose_port(requested_port, last.ports["s3"] if last else None, "PRICHAL_S3_PORT")
    internal = dict(zip(INTERNAL_PORTS, free_ports(len(INTERNAL_PORTS)), strict=True))
    log = folder / "s3.log"
    command = [
        str(weed), security_option(folder), "server",
        f"-dir={folder / 'data'}", f"-ip={HOST}", f"-ip.bind={HOST}", "-filer", "-s3", f"-s3.port={port}",
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=0",
        "-volume.preStopSeconds=0", "-master.telemetry=false",  # otherwise it sends data to its authors
        "-master.volumeSizeLimitMB=256", "-master.volumePreallocate=false",
        *(f"-{name}={number}" for name, number in internal.items()),
    ]  # fmt: skip
    pid = launch(command, log, {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}, folder)
    started = Started.of(pid, {"s3": port})
    records.write("s3", started)
    wait_until(lambda: _listens(f"http://{HOST}:{port}", key, secret), started.is_alive, "S3 (weed)", log, 60)
    return started


def create_bucket(settings: Settings) -> None:
    """Create the bucket of the settings unless it exists."""
    s3 = client(settings)
    if settings.s3_bucket not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=settings.s3_bucket)


def check(settings: Settings) -> None:
    """Check that S3 answers and allows access to the bucket.

    Raises:
        ServiceError: it does not answer, refuses the key, or has no such bucket.
    """
    if settings.s3_endpoint is None:
        return
    server = f"S3 at {settings.s3_endpoint}"
    try:
        client(settings).list_objects_v2(Bucket=settings.s3_bucket, MaxKeys=1)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NoSuchBucket":
            raise ServiceError(
                f"{server} has no bucket {settings.s3_bucket}: create it, or correct PRICHAL_S3_BUCKET."
            ) from None
        raise ServiceError(
            f"{server} refuses access key {settings.s3_key} ({code}): correct AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY."
        ) from None
    except (EndpointConnectionError, BotoCoreError) as error:
        raise ServiceError(
            f"{server} does not answer ({type(error).__name__}): run `make up`, or correct MLFLOW_S3_ENDPOINT_URL."
        ) from None


def client(settings: Settings):  # type: ignore[no-untyped-def]  # boto3 makes its clients at run time
    """A client of the S3 server in the settings."""
    secret = settings.s3_secret.get_secret_value() if settings.s3_secret else None
    return _connect(settings.s3_endpoint, settings.s3_key, secret, settings.s3_region)


def _connect(endpoint: str | None, key: str | None, secret: str | None, region: str):  # type: ignore[no-untyped-def]
    timeouts = Config(connect_timeout=3, read_timeout=10, retries={"max_attempts": 1})
    return boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret,
        region_name=region, config=timeouts,
    )  # fmt: skip


def _listens(endpoint: str, key: str, secret: str) -> bool:
    try:
        _connect(endpoint, key, secret, "us-east-1").list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True

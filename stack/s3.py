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

#: what `weed server` listens on besides S3; each gets a free port, so that two clones do not meet.
INNER = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
         "s3.port.grpc")  # fmt: skip


def start(folder: Path, records: Records, weed: Path, asked_port: int | None, key: str, secret: str) -> Started:
    """Start an S3 server with its data in `folder` and one access key, and return its process.

    Its inner servers answer to one another only. A server of an earlier release, whose inner servers answer to
    everybody, is replaced.
    """
    last = records.read("s3")
    if last is not None and last.alive():
        if security_option(folder) in psutil.Process(last.pid).cmdline():
            return last
        stop(last)
    write_security(folder)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    port = choose_port(asked_port, last.ports["s3"] if last else None, "PRICHAL_S3_PORT")
    inner = dict(zip(INNER, free_ports(len(INNER)), strict=True))
    log = folder / "s3.log"
    command = [
        str(weed), security_option(folder), "server",
        f"-dir={folder / 'data'}", f"-ip={HOST}", f"-ip.bind={HOST}", "-filer", "-s3", f"-s3.port={port}",
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=0",
        "-volume.preStopSeconds=0", "-master.telemetry=false",  # it reports to its authors otherwise
        "-master.volumeSizeLimitMB=256", "-master.volumePreallocate=false",
        *(f"-{name}={number}" for name, number in inner.items()),
    ]  # fmt: skip
    pid = launch(command, log, {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}, folder)
    started = Started.of(pid, {"s3": port})
    records.write("s3", started)
    wait_until(lambda: _listens(f"http://{HOST}:{port}", key, secret), started.alive, "S3 (weed)", log, 60)
    return started


def make_bucket(settings: Settings) -> None:
    """Make the bucket of the settings unless it is there."""
    s3 = client(settings)
    if settings.s3_bucket not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=settings.s3_bucket)


def check(settings: Settings) -> None:
    """See that S3 answers and lets us at the bucket.

    Raises:
        ServiceError: it does not answer, refuses the key, or has no such bucket.
    """
    if settings.s3_endpoint is None:
        return
    where = f"S3 at {settings.s3_endpoint}"
    try:
        client(settings).list_objects_v2(Bucket=settings.s3_bucket, MaxKeys=1)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NoSuchBucket":
            raise ServiceError(
                f"{where} has no bucket {settings.s3_bucket}: make it, or mend PRICHAL_S3_BUCKET."
            ) from None
        raise ServiceError(
            f"{where} refuses access key {settings.s3_key} ({code}): mend AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from None
    except (EndpointConnectionError, BotoCoreError) as error:
        raise ServiceError(
            f"{where} does not answer ({type(error).__name__}): run `make up`, or mend MLFLOW_S3_ENDPOINT_URL."
        ) from None


def client(settings: Settings):  # type: ignore[no-untyped-def]  # boto3 makes its clients at run time
    """A client of the S3 that the settings name."""
    secret = settings.s3_secret.get_secret_value() if settings.s3_secret else None
    return _connect(settings.s3_endpoint, settings.s3_key, secret, settings.s3_region)


def _connect(endpoint: str | None, key: str | None, secret: str | None, region: str):  # type: ignore[no-untyped-def]
    patience = Config(connect_timeout=3, read_timeout=10, retries={"max_attempts": 1})
    return boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret,
        region_name=region, config=patience,
    )  # fmt: skip


def _listens(endpoint: str, key: str, secret: str) -> bool:
    try:
        _connect(endpoint, key, secret, "us-east-1").list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True

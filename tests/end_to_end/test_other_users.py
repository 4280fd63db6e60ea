"""Another user of the same machine finds no file to read and no port that answers without a key."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.end_to_end.conftest import Clone
from tests.end_to_end.scan import find_open_services, find_sockets, open_to

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def tree(state: Path) -> list[Path]:
    return [state, *state.rglob("*")]


@pytest.fixture
def open_state(clone: Clone) -> Iterator[Path]:
    """The state as an earlier release left it: everybody reads all but the secrets and PostgreSQL's data."""
    export = clone.state / "truth" / "of_a_test" / "people.csv"
    export.parent.mkdir(parents=True)
    export.write_text("user_id\n1\n")
    for path in (clone.state, *clone.state.iterdir(), *export.parents[:2], export):
        if path.name not in {"env", "secrets.json"}:
            path.chmod(0o755 if path.is_dir() else 0o644)
    yield clone.state
    export.unlink()
    export.parent.rmdir()


@as_root
def test_a_step_makes_files_of_an_earlier_release_private(clone: Clone, open_state: Path) -> None:
    assert str(open_state / "truth" / "of_a_test" / "people.csv") in open_to("nobody", tree(open_state))
    done = clone.run("python", "-m", "stack", "check")
    assert done.returncode == 0, done.stderr
    assert open_to("nobody", tree(open_state)) == []
    assert stat.S_IMODE(open_state.stat().st_mode) == 0o710, "PostgreSQL's system user passes through and lists nothing"
    database = open_state / "postgres"
    assert [path for path in open_to("pgserver", tree(open_state)) if not Path(path).is_relative_to(database)] == []


@as_root
def test_no_socket_lets_another_user_in(clone: Clone) -> None:
    sockets = find_sockets(clone.state)
    assert sockets, "SeaweedFS's servers listen on files in /tmp too"
    assert open_to("nobody", sockets) == []


def test_no_port_answers_without_a_key_but_that_of_an_mlflow_without_a_log_in(clone: Clone, tmp_path: Path) -> None:
    assert set(find_open_services(clone.state, tmp_path)) == {"mlflow"}


def test_up_warns_about_mlflow_without_a_log_in(clone: Clone) -> None:
    done = clone.run("python", "-m", "stack", "up")
    warnings = [line for line in done.stdout.splitlines() if "Every user of this machine" in line]
    assert len(warnings) == 1
    assert "PRICHAL_MLFLOW_AUTH=on make up" in warnings[0]


@pytest.mark.parametrize("secret", [None, "not the key"])
def test_s3_requires_the_key(clone: Clone, secret: str | None) -> None:
    signature = {"signature_version": botocore.UNSIGNED} if secret is None else {}
    client = boto3.client(
        "s3", endpoint_url=clone.environment["MLFLOW_S3_ENDPOINT_URL"], region_name="us-east-1",
        aws_access_key_id="prichal", aws_secret_access_key=secret or "", config=Config(**signature),
    )  # fmt: skip
    for attempt in (
        lambda: client.list_objects_v2(Bucket="prichal"),
        lambda: client.put_object(Bucket="prichal", Key="intruder", Body=b"1"),
    ):
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403

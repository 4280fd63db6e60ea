"""Wrong input and missing services: one clear sentence, a non-zero exit, nothing half-written."""

import gzip
import socket
from collections.abc import Mapping
from pathlib import Path

import mlflow
import pytest

from tests.end_to_end.conftest import ROOT, Clone, clean_environment
from tests.end_to_end.in_process import refusal

LOG = gzip.decompress((ROOT / "projects/cdnow/data/purchases.csv.gz").read_bytes()).decode()


def raw(folder: Path, text: str) -> str:
    (folder / "purchases.csv").write_text(text)
    return str(folder)


def snapshot_of(clone: Clone) -> tuple[object, ...]:
    """Everything that a failed step must leave alone."""
    manifest = (clone.lake / "cdnow/tables/purchases/current.json").read_text()
    return clone.mart(), manifest, clone.rows("select count(*) from ops.promotions")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("customer_id,date,value\n1,1997-01-01,5.0\n", ("column n_cds is missing", "it has customer_id, date, value")),
        ("", ("is empty", "header")),
        (LOG[:60_000].replace("1997-01-", "the "), ("rows", "cannot be used", "at most 1.0%", "not a date: the 01")),
    ],
    ids=["a missing column", "an empty file", "too many unreadable dates"],
)  # fmt: skip
def test_a_raw_file_that_cannot_be_used(
    clone: Clone, morning: object, tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    before = snapshot_of(clone)
    sentence = refusal(clone, "jobs.ingest", "--raw", raw(tmp_path, text))
    for word in words:
        assert word in sentence
    assert snapshot_of(clone) == before
    assert clone.rows("select outcome from ops.runs order by started_at desc limit 1") == [("failed",)]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("jobs.features", "--project", "netflix"), ("'netflix' does not exist", "cdnow")),
        (("jobs.score", "--as-of", "1999-01-01"), ("1999-01-01 is outside the data", "1997-01-02 to 1998-07-01")),
        (("jobs.score", "--as-of", "yesterday"), ("'yesterday' is not a date", "1998-07-01")),
        (("jobs.train", "--trials", "many"), ("'many'", "0 to 1000")),
        (("jobs.train", "--population", "paid"), ("no population paid", "active")),
        (("jobs.train", "--as-of", "1997-06-15"), ("no matured snapshot", "horizon of 90 days")),
        (("jobs.train", "--as-of", "1998-01-01"), ("too few", "embargo of 90 days")),
        (("jobs.promote", "--mode", "yolo"), ("'yolo'", "auto")),
        (("jobs.ingest", "--raw", "/nowhere"), ("/nowhere does not exist",)),
        (("jobs.rollback",), ("The reason of the rollback is empty",)),
        (("jobs.rollback", "--reason=odd scores"), ("no version to roll back to",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and value[0].startswith("jobs") else "",
)  # fmt: skip
def test_a_parameter_that_cannot_be_used(
    clone: Clone, morning: object, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    before = snapshot_of(clone)
    sentence = refusal(clone, *command)
    for word in words:
        assert word in sentence
    assert snapshot_of(clone) == before


def nobody_there() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def fake_java(folder: Path, says: str) -> str:
    (folder / "bin").mkdir()
    java = folder / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    return str(folder)


def environments(clone: Clone, folder: Path) -> Mapping[str, tuple[dict[str, str], tuple[str, ...]]]:
    port = nobody_there()
    wrong = clone.url.replace(clone.url.split(":")[2].split("@")[0], "wrong")
    return {
        "PostgreSQL does not answer": (
            {"DATABASE_URL": f"postgresql://prichal:hush@127.0.0.1:{port}/prichal"},
            (f"PostgreSQL at 127.0.0.1:{port}/prichal does not answer", "make up"),
        ),
        "PostgreSQL refuses the password": ({"DATABASE_URL": wrong}, ("password authentication failed",)),
        "not a PostgreSQL URL": ({"DATABASE_URL": "mysql://x"}, ("DATABASE_URL is not a PostgreSQL URL",)),
        "S3 does not answer": (
            {"MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
            (f"S3 at http://127.0.0.1:{port} does not answer",),
        ),
        "S3 refuses the key": (
            {"AWS_SECRET_ACCESS_KEY": "hush"},
            ("refuses access key prichal", "AWS_SECRET_ACCESS_KEY"),
        ),
        "no such bucket": ({"PRICHAL_S3_BUCKET": "other"}, ("has no bucket other", "PRICHAL_S3_BUCKET")),
        "MLflow does not answer": (
            {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"},
            (f"MLflow at http://127.0.0.1:{port} does not answer",),
        ),
        "Java is too old": (
            {"JAVA_HOME": fake_java(folder, 'openjdk version "11.0.2"')},
            ("Java 17 or newer", "has Java 11"),
        ),
        "no Java": ({"JAVA_HOME": str(folder / "nothing")}, ("Java 17 or newer", "has none")),
        "an unknown setting": ({"PRICHAL_PORT": "1"}, ("PRICHAL_PORT is not a setting",)),
    }


@pytest.mark.parametrize(
    "case",
    ["PostgreSQL does not answer", "PostgreSQL refuses the password", "not a PostgreSQL URL", "S3 does not answer",
     "S3 refuses the key", "no such bucket", "MLflow does not answer", "Java is too old", "no Java",
     "an unknown setting"],
)  # fmt: skip
def test_a_service_that_cannot_be_used(clone: Clone, morning: object, tmp_path: Path, case: str) -> None:
    before = snapshot_of(clone)
    extra, words = environments(clone, tmp_path)[case]
    sentence = refusal(clone, "jobs.score", **extra)
    for word in words:
        assert word in sentence
    assert "hush" not in sentence
    assert "wrong" not in sentence
    assert snapshot_of(clone) == before


def test_scoring_with_a_manually_removed_alias(clone: Clone, morning: object) -> None:
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    client, before = mlflow.MlflowClient(), snapshot_of(clone)
    version = client.get_model_version_by_alias("cdnow_churn", "production").version
    client.delete_registered_model_alias("cdnow_churn", "production")
    try:
        sentence = refusal(clone, "jobs.score")
    finally:
        client.set_registered_model_alias("cdnow_churn", "production", version)
    assert "The alias production of cdnow_churn is at no version, but the ledger records version" in sentence
    assert snapshot_of(clone) == before


@pytest.mark.parametrize("setting", ["PRICHAL_POSTGRES_PORT", "PRICHAL_S3_PORT", "PRICHAL_MLFLOW_PORT"])
def test_a_port_that_is_taken(clone: Clone, tmp_path: Path, setting: str) -> None:
    """The other services are configured elsewhere, so that only the one in question would start."""
    expected = {"PRICHAL_POSTGRES_PORT": "DATABASE_URL", "PRICHAL_S3_PORT": "MLFLOW_S3_ENDPOINT_URL",
           "PRICHAL_MLFLOW_PORT": "MLFLOW_TRACKING_URI"}  # fmt: skip
    elsewhere = {
        name: value for name, value in clone.environment.items() if name in expected.values() or name.startswith("AWS_")
    }
    del elsewhere[expected[setting]]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = {**clean_environment(tmp_path / "state"), **elsewhere, setting: port}
        done = Clone(tmp_path / "state", environment).run("python", "-m", "stack", "up")
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"port {port} is taken" in done.stderr
    assert setting in done.stderr


def test_mlflow_run_prints_the_sentence(clone: Clone, morning: object) -> None:
    done = clone.mlflow_run("score", "as_of=1999-01-01")
    assert done.returncode != 0
    assert "prichal: as_of 1999-01-01 is outside the data" in done.stderr

"""A person is erased: no byte of state, bucket and databases has the id, and the same exports do not bring it back."""

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registry.ledger.ledger import LedgerEntry, append
from serving import Mart
from stack import bucket
from stack.folders.checked_folder import check, seal
from stack.postgres import BINARIES, connect
from stack.settings import ROOT, Settings
from tests.end_to_end.conftest import Clone, started_clone
from tests.end_to_end.in_process import refusal, run_here

#: a number that no other value of the log contains; it replaces customer 111.
PERSON, OTHER = 918273645546372819, 5868
RAW, DAY = "s3://prichal/exports/cdnow", date(1998, 7, 1)
#: texts of the id in files, and its eight bytes in an array.
PATTERNS = (str(PERSON).encode(), PERSON.to_bytes(8, "little"), PERSON.to_bytes(8, "big"))
RAW_KEY = "exports/cdnow/purchases.csv.gz"


@pytest.fixture(scope="module")
def shop() -> Iterator[Clone]:
    """Services of this file's own: the test reads every file of their state."""
    with started_clone() as clone:
        yield clone


@pytest.fixture(scope="module")
def settings(shop: Clone) -> Settings:
    return Settings.load(shop.environment)


def original_export() -> bytes:
    text = gzip.decompress((ROOT / "projects/cdnow/data/purchases.csv.gz").read_bytes()).decode()
    lines = [line.split(",") for line in text.splitlines()]
    changed = [[str(PERSON) if cells[0].strip().lstrip("0") == "111" else cells[0], *cells[1:]] for cells in lines]
    return gzip.compress("\n".join(",".join(cells) for cells in changed).encode() + b"\n")


def run_step(clone: Clone, step: str, *arguments: str) -> str:
    done = run_here(clone, f"jobs.{step}", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def upload(settings: Settings, key: str, content: bytes) -> None:
    bucket.put(settings, f"s3://{settings.s3_bucket}/{key}", content, "application/octet-stream")


@pytest.fixture(scope="module")
def published(shop: Clone, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A published day, with the person in every place where a person can be."""
    upload(settings, RAW_KEY, original_export())
    run_step(shop, "ingest", "--raw", RAW)
    for day in (date(1998, 6, 1), DAY):
        run_step(shop, "features", "--as-of", str(day))
    publish_scores(shop)
    people = [PERSON, OTHER]
    rows = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(pa.table({"customer_id": people, "value": [1.0, 2.0]}), rows)
    upload(settings, f"mart/cdnow_scores/score_date={DAY}/rows.parquet", rows.read_bytes())
    upload(
        settings, "lists/cdnow/cdnow-1998-07-01/sms-000000001.csv", f"customer_id,x\n{PERSON},1\n{OTHER},2\n".encode()
    )
    table = {"columns": ["customer_id", "x"], "data": [[value, 1] for value in people]}
    upload(settings, "mlflow/1/run/artifacts/people.json", json.dumps(table).encode())
    judged = shop.lake / "cdnow" / "uplift" / "model" / "digest"
    judged.mkdir(parents=True)
    pq.write_table(pa.table({"person": list(map(str, people)), "feature_0": [1.0, 2.0]}), judged / "rows.parquet")
    seal(judged)
    quarantine = shop.lake / "cdnow" / "quarantine" / "purchases" / "batch"
    quarantine.mkdir(parents=True)
    raw = [f"{PERSON},never,1,2", f"{OTHER},never,1,2"]
    pq.write_table(
        pa.table({"file": ["f", "f"], "position": ["line 1", "line 2"], "raw": raw}), quarantine / "a.parquet"
    )
    plan_contacts(shop, list(map(str, people)))
    return shop


def publish_scores(clone: Clone) -> None:
    """Scores of every member of the last snapshot, with their files and logged features."""
    (snapshot,) = (clone.lake / "cdnow" / "snapshots" / f"as_of={DAY}").iterdir()
    logged = clone.lake / "cdnow" / "logged" / str(DAY)
    logged.mkdir(parents=True)
    pd.read_parquet(snapshot, filters=[("customer_id", "in", [PERSON, OTHER])]).to_parquet(logged / "rows.parquet")
    seal(logged)
    scores = clone.lake / "cdnow" / "scores" / "active" / f"score_date={DAY}" / "run=r"
    scores.mkdir(parents=True)
    frame = pd.read_parquet(snapshot, columns=["customer_id", "population"])
    frame.assign(churn_probability=0.5).to_parquet(scores / "part-0.parquet")
    mart = Mart("cdnow_scores", "customer_id")
    mart.create(clone.url, DAY)
    with connect(clone.url, role="prichal_writer") as connection:
        connection.cursor().executemany(
            f"insert into mart.cdnow_scores values ('{DAY}', %s, 'active', 0.5, 5, null, null, null, null, null, "
            "'cdnow_churn', '1', '1998-10-01', now())",
            [(int(key),) for key in frame["customer_id"]],
        )


def plan_contacts(clone: Clone, people: list[str]) -> None:
    """Rows about each person in every table of actions."""
    clone.as_owner(
        "select mart.create_actions('cdnow_actions', 'cdnow_scores', 'customer_id', 'bigint')",
        "insert into ops.global_controls values ('cdnow', 's', 0.000001, now())",
        "insert into ops.campaigns values ('cdnow', 'c', '1998-07-01', '{}', now())",
    )
    for person in people:
        clone.as_owner(
            f"insert into mart.cdnow_actions values ('1998-07-01', {person}, 'active', 'c', 'policy', 'sms_none_1', "
            "'sms', 'none', 1, null, null, 1, '1', now())",
            "insert into ops.assignments (project, campaign, entity, arm, probability, salt, global_share) "
            f"values ('cdnow', 'c', '{person}', 'policy', 0.9, 's', 0.000001)",
            "insert into ops.outbox (project, campaign, entity, arm, action, channel, offer, contact, score_date, "
            "planned_for, platform, idempotency_key) values ('cdnow', 'c', "
            f"'{person}', 'policy', 'sms_none_1', 'sms', 'none', 1, '1998-07-01', now(), 'bucket', md5('{person}'))",
            f"insert into ops.reactions values ('cdnow', md5('{person}'), 'c', '{person}', 'sms', 'delivered', now())",
            f"insert into ops.closed_channels values ('cdnow', '{person}', 'email', now(), 'unsubscribed')",
            "insert into ops.runs (run_id, project, step, parameters, message) values "
            f"('r{md5(person)}', 'cdnow', 'explain', '{{\"user\": \"{person}\"}}', 'No row of {person}.')",
        )


def md5(text: str) -> str:
    import hashlib

    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def find_person(clone: Clone, settings: Settings, scratch: Path) -> dict[str, list[str]]:
    """Every file of the state, object of the bucket and table of the databases that contains the person."""
    objects = scratch / "objects"
    objects.mkdir(parents=True)
    bucket.download_all(settings, objects)
    servers = [
        clone.state / "postgres" / "data",
        clone.state / "s3" / "data",
    ]  # their contents are read by their clients
    files = [path for path in clone.state.rglob("*") if not any(path.is_relative_to(server) for server in servers)]
    places = {
        "state": [str(path.relative_to(clone.state)) for path in files if has_person(path)],
        "bucket": [str(path.relative_to(objects)) for path in objects.rglob("*") if has_person(path)],
    }
    for database, user in (("prichal", "prichal"), ("mlflow", "mlflow")):
        url = clone.url_of(user, clone.password(user), dbname=database)
        dump = subprocess.run([str(BINARIES / "pg_dump"), url], capture_output=True, check=True).stdout
        tables = [part.split(b" ", 1)[0].decode() for part in dump.split(b"\nCOPY ")[1:] if PATTERNS[0] in part]
        places[database] = tables
    return places


def has_person(path: Path) -> bool:
    if not path.is_file():
        return False
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if any(pattern in content for pattern in PATTERNS):
        return True
    if path.suffix != ".parquet":
        return False
    table = pq.read_table(path)
    return any(str(PERSON) in str(column.to_pylist()) for column in table.columns)


def test_no_byte_of_the_person_stays(published: Clone, settings: Settings, tmp_path: Path) -> None:
    before = find_person(published, settings, tmp_path / "before")
    lake = {"/".join(name.split("/")[2:4]) for name in before["state"]}
    assert lake >= {
        "tables/purchases", "quarantine/purchases", f"snapshots/as_of={DAY}", "scores/active", f"logged/{DAY}",
        "uplift/model", "mirror/purchases.csv.gz",
    }  # fmt: skip
    assert len(before["bucket"]) == 4
    tables = {name.split(".")[-1] for name in before["prichal"]}
    assert tables >= {"cdnow_scores_19980701", "cdnow_actions", "assignments", "outbox", "reactions",
                      "closed_channels", "runs"}  # fmt: skip

    done = published.mlflow_run("forget", f"user={PERSON}")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout
    assert find_person(published, settings, tmp_path / "after") == {place: [] for place in before}
    assert published.rows("select project, identifier_hash ~ '^[0-9a-f]{64}$' from ops.erased") == [("cdnow", True)]


def test_other_people_keep_their_rows(published: Clone, settings: Settings, tmp_path: Path) -> None:
    for table in ("mart.cdnow_scores", "mart.cdnow_actions"):
        assert published.rows(f"select count(*) from {table} where customer_id = {OTHER}") == [(1,)]
    for table in ("assignments", "outbox", "reactions", "closed_channels"):
        assert published.rows(f"select entity from ops.{table}") == [(str(OTHER),)]
    assert check(published.lake / "cdnow" / "uplift" / "model" / "digest", "x").rows == 1
    path = tmp_path / "object"
    bucket.download(settings, "lists/cdnow/cdnow-1998-07-01/sms-000000001.csv", path)
    assert path.read_text() == f"customer_id,x\n{OTHER},2\n"
    bucket.download(settings, "mlflow/1/run/artifacts/people.json", path)
    assert json.loads(path.read_text())["data"] == [[OTHER, 1]]


def test_snapshots_stay_current_and_equal_those_that_would_be_built(published: Clone) -> None:
    assert "0 dates built now" in run_step(published, "features", "--as-of", str(DAY))
    (snapshot,) = (published.lake / "cdnow" / "snapshots" / f"as_of={DAY}").iterdir()
    before = pd.read_parquet(snapshot).sort_values("customer_id", ignore_index=True)
    shutil.rmtree(snapshot)
    assert "1 dates built now" in run_step(published, "features", "--as-of", str(DAY))
    assert before.equals(pd.read_parquet(snapshot).sort_values("customer_id", ignore_index=True))


def test_the_same_exports_do_not_bring_the_person_back(published: Clone, settings: Settings, tmp_path: Path) -> None:
    upload(settings, RAW_KEY, original_export())
    assert "1 files ingested" in run_step(published, "ingest", "--raw", RAW)
    run_step(published, "features", "--as-of", str(DAY))
    places = find_person(published, settings, tmp_path / "again")
    assert places == {"state": ["lake/cdnow/mirror/purchases.csv.gz"], "bucket": [RAW_KEY], "prichal": [], "mlflow": []}


def test_the_ledger_verifies_after_an_erasure(published: Clone) -> None:
    with psycopg.connect(published.url, autocommit=True) as connection:
        append(connection, [LedgerEntry("tester", "some_model", "refuse", "1", None, "before the erasure")])
    run_step(published, "forget", "--user", str(PERSON))
    assert "all 1 rows are intact" in run_step(published, "verify")


def test_only_the_administrator_erases(published: Clone) -> None:
    statement = "select ops.erase_person('cdnow', 'cdnow_scores', '5868')"
    for role in (None, "prichal_writer", "prichal_mover", "prichal_marketing", "prichal_bi"):
        with psycopg.connect(published.owner_url if role else published.url) as connection:
            if role:
                connection.execute(f"set role {role}")  # type: ignore[call-overload]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    refused = pytest.raises(psycopg.errors.InvalidParameterValue, match="not recorded")
    with connect(published.url, role="prichal_administrator") as connection, refused:
        connection.execute(statement)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        published.as_owner("delete from ops.assignments")


@pytest.mark.parametrize(("text", "words"), [("", "is empty"), ("ann", "no whole number")])
def test_a_wrong_id_is_one_sentence(published: Clone, text: str, words: str) -> None:
    assert words in refusal(published, "jobs.forget", "--user", text)

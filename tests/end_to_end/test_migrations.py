"""The owner migrates the database; steps, movers and readers are refused everything else, and readers never block."""

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

import migrations
from serving import Mart, publish, published_scores
from stack import lock_waits
from stack.lock_waits import BlockedError
from stack.postgres import BINARIES, connect
from stack.schema import SchemaError, check_schema, migrate
from tests.end_to_end.conftest import Clone
from tests.end_to_end.test_publish import scores_of
from tests.unit.builders import is_one_sentence

MART, DAY = Mart("blocked_scores", "user_id", "text"), date(2026, 3, 1)
ROLES = {"steps": (None, "prichal_writer", "prichal_mover"), "reader": (None,)}
#: What nobody but the owner may do, under no role that a login may take.
REFUSED = (
    "create table mart.mine (x int)",
    "create table ops.mine (x int)",
    "create schema mine",
    "create role mine",
    "drop table ops.promotions",
    "drop table mart.blocked_scores",
    "alter table ops.promotions disable trigger user",
    "alter table ops.promotions disable trigger promotions_append_only",
    "drop trigger promotions_append_only on ops.promotions",
    "drop trigger promotions_insert_check on ops.promotions",
    "create or replace function ops.refuse_change() returns trigger language sql as 'select 1'",
    "alter function ops.check_insert() security definer",
    "update ops.promotions set who = 'me'",
    "delete from ops.promotions",
    "truncate ops.promotions",
    "set session_replication_role = replica",
    "set role prichal",
    "set role postgres",
    "grant prichal to prichal_steps",
    "alter role prichal password 'mine'",
    "update ops.alembic_version set version_num = '0000'",
    "copy (select 1) to program 'true'",
)
READER_REFUSED = (
    "select user_id from mart.blocked_scores",
    "select * from ops.promotions",
    "select * from ops.runs",
    "select mart.create_scores('mine', 'user_id', 'text')",
    "select mart.create_day('blocked_scores', '2026-03-02')",
    "set role prichal_writer",
    "set role prichal_mover",
)
INSERT = (
    "insert into ops.promotions select max(id) + 1, now(), 'me', 'm', 'promote', '1', null, '{}', 'because', '', 'x' "
    "from ops.promotions"
)


@pytest.fixture(scope="module")
def logins(clone: Clone) -> Iterator[dict[str, str]]:
    """URLs of the steps' login and of a reader's."""
    MART.create(clone.url, DAY)
    clone.as_owner("create role ria login password 'of ria' in role prichal_reader")
    yield {"steps": clone.url, "reader": clone.url_of("ria", "of ria", application_name="report")}
    clone.as_owner("drop role ria", "drop table mart.blocked_scores cascade")


def refuse(url: str, role: str | None, statement: str) -> None:
    with psycopg.connect(url) as connection:
        if role:
            connection.execute(f"set role {role}")  # type: ignore[call-overload]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize("statement", REFUSED)
def test_only_the_owner_changes_tables_triggers_and_the_ledger(logins: dict[str, str], statement: str) -> None:
    for login, roles in ROLES.items():
        for role in roles:
            refuse(logins[login], role, statement)


@pytest.mark.parametrize("statement", READER_REFUSED)
def test_a_reader_sees_no_table_and_creates_none(logins: dict[str, str], statement: str) -> None:
    refuse(logins["reader"], None, statement)


def test_only_the_mover_adds_to_the_ledger_and_only_a_row_that_follows(logins: dict[str, str]) -> None:
    for role in (None, "prichal_writer"):
        refuse(logins["steps"], role, INSERT)
    with connect(logins["steps"], role="prichal_mover") as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(INSERT)
    for statement in ("select * from mart.blocked_scores", "select * from ops.runs"):
        refuse(logins["steps"], "prichal_mover", statement)


@pytest.mark.parametrize(
    "arguments",
    ["'x; drop table ops.promotions', 'user_id', 'text'", "'X', 'user_id', 'text'", "'x', 'user_id', 'text, y text'"],
)
def test_the_owners_functions_check_their_arguments(logins: dict[str, str], arguments: str) -> None:
    with psycopg.connect(logins["steps"]) as connection, pytest.raises(psycopg.errors.InvalidParameterValue):
        connection.execute(f"select mart.create_scores({arguments})")  # type: ignore[call-overload]
    with psycopg.connect(logins["steps"]) as connection, pytest.raises(psycopg.errors.InvalidParameterValue):
        connection.execute("select mart.create_day('promotions', '2026-03-01')")


class Poller(threading.Thread):
    """A reader that asks for the latest day again and again; `longest` is its longest wait in seconds."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.longest, self.rounds, self._end = 0.0, 0, threading.Event()
        self._connection = psycopg.connect(url, autocommit=True)

    def run(self) -> None:
        while not self._end.is_set():
            begun_at = time.monotonic()
            self._connection.execute("select count(*) from mart.blocked_scores_current").fetchone()
            self.longest = max(self.longest, time.monotonic() - begun_at)
            self.rounds += 1
            time.sleep(0.01)

    def end(self) -> None:
        self._end.set()
        self.join()
        self._connection.close()


@contextmanager
def polling(url: str) -> Iterator[Poller]:
    poller = Poller(url)
    poller.start()
    try:
        yield poller
    finally:
        poller.end()


def test_an_open_reader_and_a_dump_do_not_block_publishing(
    clone: Clone, logins: dict[str, str], tmp_path: Path
) -> None:
    publish(clone.url, MART, DAY, [scores_of(tmp_path, ["a", "b"], 2)])
    # A dump holds such a lock on every table until it ends.
    dump = psycopg.connect(clone.owner_url, application_name="pg_dump")
    idle = psycopg.connect(logins["reader"])
    with dump, idle, polling(logins["reader"]) as poller:
        dump.execute("set transaction isolation level repeatable read, read only")
        dump.execute("lock table mart.blocked_scores, mart.blocked_scores_20260301, ops.runs in access share mode")
        idle.execute("select * from mart.blocked_scores_current").fetchall()
        begun_at = time.monotonic()
        for day in (DAY, DAY + timedelta(1), DAY + timedelta(2)):
            assert publish(clone.url, MART, day, [scores_of(tmp_path, ["a", "b", "c"], 3)]) == 3
        assert time.monotonic() - begun_at < 20
        assert idle.execute("select count(*) from mart.blocked_scores_current").fetchone() == (3,)
    assert poller.rounds > 3
    assert poller.longest < 1, "a generous bound for a busy machine; docs/mart.md has the figure"


def test_a_real_dump_runs_beside_a_publication(clone: Clone, logins: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "dump"
    command = [str(BINARIES / "pg_dump"), "--schema=mart", f"--file={target}", clone.owner_url]
    with subprocess.Popen(command) as dump:
        publish(clone.url, MART, DAY + timedelta(5), [scores_of(tmp_path, ["a"], 1)])
    assert dump.returncode == 0
    assert "blocked_scores" in target.read_text()


def test_a_stronger_lock_ends_publishing_with_the_blockers_name(
    clone: Clone, logins: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lock_waits.MAX_WAIT_SECONDS + 3 * lock_waits.TRY_SECONDS + lock_waits.PAUSE_SECONDS < 60
    monkeypatch.setattr(lock_waits, "MAX_WAIT_SECONDS", 3.0)
    publish(clone.url, MART, DAY, [scores_of(tmp_path, ["a", "b"], 2)])
    holder = psycopg.connect(clone.owner_url, application_name="nightly report")
    with holder, polling(logins["reader"]) as poller:
        holder.execute("lock table mart.blocked_scores in share mode")
        with pytest.raises(BlockedError) as caught:
            publish(clone.url, MART, DAY, [scores_of(tmp_path, ["c"], 1)])
    assert is_one_sentence(caught.value)
    pattern = (
        r"Publishing 2026-03-01 in mart.blocked_scores waited 3 s for a lock of nightly report \(user prichal, pid "
        r"\d+, in a transaction since 20.* UTC\): nothing was"
    )
    assert re.search(pattern, str(caught.value)), caught.value
    assert poller.longest < 1
    assert sorted(published_scores(clone.url, MART, DAY)["user_id"]) == ["a", "b"]


def test_a_database_without_migrations_is_named_with_the_command_that_applies_them(clone: Clone) -> None:
    check_schema(clone.url)
    clone.as_owner("alter schema ops rename to ops_kept")
    try:
        with pytest.raises(SchemaError, match=r"has no tables of Prichal.*run `make up`") as caught:
            check_schema(clone.url)
    finally:
        clone.as_owner("alter schema ops_kept rename to ops")
    assert is_one_sentence(caught.value)
    newest = f"update ops.alembic_version set version_num = '{migrations.HEAD}'"
    for revision, words in (("0001", "is at revision 0001"), ("9999", "of a newer release")):
        clone.as_owner(f"update ops.alembic_version set version_num = '{revision}'")
        try:
            with pytest.raises(SchemaError, match=words):
                check_schema(clone.url)
        finally:
            clone.as_owner(newest)


def test_the_steps_login_cannot_migrate(clone: Clone) -> None:
    clone.as_owner("update ops.alembic_version set version_num = '0001'")
    try:
        with pytest.raises(SchemaError, match="as the owner of the tables") as caught:
            migrate(clone.url)
    finally:
        clone.as_owner(f"update ops.alembic_version set version_num = '{migrations.HEAD}'")
    assert is_one_sentence(caught.value)


def test_no_step_gets_the_owners_url(clone: Clone) -> None:
    assert clone.password("prichal") not in (clone.state / "env").read_text()
    assert "prichal_steps" in clone.url

"""The ledger in PostgreSQL: nobody changes it, and whoever does it all the same is found out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from mlflow import MlflowClient
from psycopg.types.json import Jsonb

from registry import verify
from registry.ledger import ledger
from registry.ledger.chain import GENESIS, Row
from registry.ledger.history import replay
from registry.ledger.ledger import (
    INSERT,
    ImpossibleRowError,
    LedgerEntry,
    append,
)
from registry.ledger.verify import chain_problems
from registry.release.locked_models import TamperedError
from registry.versions.registered_models import HEAD
from stack.postgres import connect
from stack.schema import migrate
from tests.end_to_end.conftest import Clone
from tests.end_to_end.proposals import ledger_acts, promote_one, propose, put_in_production, reconcile_models
from tests.unit.builders import is_one_sentence

CHANGES = ("update ops.promotions set who = 'x'", "delete from ops.promotions", "truncate ops.promotions")

OLD = """
create schema ops;
create table ops.promotions (
  id bigint generated always as identity primary key,
  happened_at timestamptz not null default clock_timestamp(),
  who text not null, model_name text not null,
  act text not null check (act in ('promote', 'refuse', 'rollback', 'repair')),
  version text not null, replaced_version text, decision jsonb not null, reason text not null
);
create function ops.refuse_change() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
create trigger promotions_append_only before update or delete or truncate on ops.promotions
  for each statement execute function ops.refuse_change();
"""


@pytest.mark.parametrize("statement", CHANGES)
def test_the_writer_has_no_right_to_change_it_and_the_owner_is_refused(clone: Clone, statement: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        clone.as_owner(statement)
    for role in ("prichal_writer", "prichal_mover"):
        with connect(clone.url, role=role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)  # type: ignore[call-overload]


@contextmanager
def spoilt(clone: Clone, *statements: str) -> Iterator[None]:
    """What the owner of the table can do with the trigger off; taken back afterwards."""
    off, on = (f"alter table ops.promotions {word} trigger user" for word in ("disable", "enable"))
    clone.as_owner("create table ops.kept as table ops.promotions", off, *statements, on)
    try:
        yield
    finally:
        back = ("delete from ops.promotions", "insert into ops.promotions table ops.kept", "drop table ops.kept")
        clone.as_owner(off, *back, on)


@pytest.fixture
def last(clone: Clone, model: str, sound: str) -> int:
    """Number of the ledger's last row, after two promotions of this test's model."""
    put_in_production(clone, model, sound, 2)
    assert verify(clone.url) == []
    return int(str(clone.rows("select max(id) from ops.promotions")[0][0]))


def test_verify_names_the_row(clone: Clone, model: str, last: int) -> None:
    row = "where id ="
    cases: list[tuple[list[str], str]] = [
        ([f"update ops.promotions set reason = 'better' {row} {last - 1}"], f"Row {last - 1} was tampered with"),
        ([f"update ops.promotions set decision = '{{}}' {row} {last - 2}"], f"Row {last - 2} was tampered with"),
        ([f"delete from ops.promotions {row} {last - 1}"], f"Row {last - 1} is missing"),
        ([f"delete from ops.promotions {row} {last}"], f"Row {last} is missing: MLflow stores it"),
        ([f"update ops.promotions set id = -1 {row} {last}", f"update ops.promotions set id = {last} {row} {last - 1}",
          f"update ops.promotions set id = {last - 1} {row} -1"], f"Row {last - 1} is out of order"),
    ]  # fmt: skip
    for statements, expected_text in cases:
        with spoilt(clone, *statements):
            result = verify(clone.url)
            assert any(sentence.startswith(expected_text) for sentence in result), (expected_text, result)
            assert len(result) <= 3, "no other row is blamed"
    assert verify(clone.url) == []


def test_nothing_moves_while_rows_at_the_end_are_missing(clone: Clone, model: str, last: int) -> None:
    split = f"delete from ops.promotions where id = {last}"
    with spoilt(clone, split), pytest.raises(TamperedError, match=f"Row {last} is missing"):
        promote_one(clone, model)
    assert verify(clone.url) == []


def test_what_is_written_with_a_lagging_head_is_anchored_by_the_next_run(clone: Clone, model: str, last: int) -> None:
    with connect(clone.url) as connection:
        connection.autocommit = True
        append(connection, [LedgerEntry("tester", model, "refuse", "2", "2", "killed before the tag", {"n": 1e300})])
    assert verify(clone.url) == []
    reconcile_models(clone, model)
    with spoilt(clone, f"delete from ops.promotions where id > {last}"):
        assert verify(clone.url) != []


def test_a_ledger_of_an_earlier_release_is_chained_as_found(clone: Clone) -> None:
    insert = "insert into ops.promotions (who, model_name, act, version, replaced_version, decision, reason) " \
             "values ('ann', 'old', %s, %s, %s, %s, 'because')"  # fmt: skip
    clone.as_owner("alter schema ops rename to ops_kept")
    try:
        with psycopg.connect(clone.owner_url) as connection:
            connection.execute(OLD)
            connection.execute(insert, ["promote", "1", None, Jsonb({"accepted": True})])
            connection.execute("select nextval(pg_get_serial_sequence('ops.promotions', 'id'))")
            connection.execute(insert, ["refuse", "2", "1", Jsonb({"checks": [0.1]})])
            connection.execute(insert, ["repair", "3", "1", Jsonb({})])
        for _ in range(2):
            migrate(clone.owner_url)
        with connect(clone.url) as connection:
            connection.autocommit = True
            append(connection, [LedgerEntry("bob", "old", "intent", None, None, "after")])
            rows = ledger.rows(connection)
            assert ledger.last_without_head(connection) == 3
        assert [(row.id, row.act) for row in rows] == [(1, "promote"), (2, "refuse"), (3, "repair"), (4, "intent")]
        assert chain_problems(rows) == []
        assert (replay(rows).production, replay(rows).previous) == ("3", "1")
        with pytest.raises(psycopg.errors.RaiseException):
            clone.as_owner("delete from ops.promotions")
    finally:
        clone.as_owner("drop schema ops cascade", "alter schema ops_kept rename to ops")


LARGEST = 2**63 - 1


def next_row(clone: Clone, model: str, **changes: Any) -> Row:
    """The row that may come next, with some values replaced, and its hash."""
    with connect(clone.url) as connection:
        last = ledger.rows(connection)[-1]
    now = datetime.now(UTC)
    row = Row(last.id + 1, max(now, last.happened_at), "eve", model, "refuse", "9", None, {}, "forged", last.row_hash)
    return replace(row, **changes).sealed()


def insert(connection: psycopg.Connection, row: Row, role: str = "prichal_mover") -> None:
    values = [Jsonb(value) if name == "decision" else value for name, value in vars(row).items()]
    connection.execute(f"set role {role}")  # type: ignore[call-overload]
    connection.execute(INSERT, values)


@pytest.mark.parametrize(
    ("changes", "expected_text"),
    [
        ({"id": LARGEST}, "the next number is"),
        ({"id": 0}, "the next number is"),
        ({"previous_hash": GENESIS}, "its previous_hash is not the hash of the last row"),
        ({"happened_at": datetime.now(UTC) + timedelta(days=9)}, "is not now"),
        ({"happened_at": datetime(1998, 7, 1, tzinfo=UTC)}, "is not now"),
        ({"decision": [1]}, "not a JSON object"),
        ({"decision": {"auc": 10**400}}, "beyond JSON"),
    ],
    ids=["the largest number", "zero", "follows nothing", "tomorrow", "long ago", "no object", "a huge number"],
)  # fmt: skip
def test_the_database_refuses_the_writer_a_row_that_does_not_follow_the_last(
    clone: Clone, model: str, last: int, changes: dict[str, Any], expected_text: str
) -> None:
    row = next_row(clone, model, **changes)
    with psycopg.connect(clone.url) as connection, pytest.raises(psycopg.errors.RaiseException, match=expected_text):
        insert(connection, row)
    assert verify(clone.url) == []


def test_the_second_of_two_concurrent_rows_with_one_number_is_refused(clone: Clone, model: str, last: int) -> None:
    row = next_row(clone, model)
    with psycopg.connect(clone.url) as first, psycopg.connect(clone.url) as second, ThreadPoolExecutor() as pool:
        insert(first, row)
        waiting = pool.submit(insert, second, replace(row, reason="another").sealed())
        first.rollback()
        waiting.result(timeout=30)
        waiting = pool.submit(insert, first, row)
        second.commit()
        with pytest.raises(psycopg.errors.RaiseException, match=f"the next number is {last + 2}"):
            waiting.result(timeout=30)
    reconcile_models(clone, model)
    assert verify(clone.url) == []


@contextmanager
def impossible(clone: Clone, model: str) -> Iterator[Row]:
    """A ledger of an earlier release, in which the writer could add a row of any number."""
    row = next_row(clone, model, id=LARGEST)
    with spoilt(clone):
        with psycopg.connect(clone.owner_url) as connection:
            connection.execute("alter table ops.promotions disable trigger user")
            insert(connection, row)
            connection.execute("reset role")
            connection.execute("alter table ops.promotions enable trigger user")
        yield row


def test_an_impossible_row_is_named_and_never_becomes_the_head(clone: Clone, model: str, last: int) -> None:
    head = MlflowClient().get_registered_model(model).tags[HEAD]
    with impossible(clone, model):
        assert verify(clone.url)[0].startswith(f"Row {LARGEST} is impossible: it comes after row {last}, ")
        with pytest.raises(ImpossibleRowError, match=f"Row {LARGEST} is impossible") as caught:
            promote_one(clone, model)
        assert is_one_sentence(caught.value)
        with pytest.raises(ImpossibleRowError), connect(clone.url) as connection:
            append(connection, [LedgerEntry("tester", model, "refuse", "2", "2", "no")])
        assert MlflowClient().get_registered_model(model).tags[HEAD] == head
    assert verify(clone.url) == []


def test_the_documented_way_out_of_an_impossible_row_that_is_the_head(clone: Clone, model: str, last: int) -> None:
    with impossible(clone, model) as row:
        MlflowClient().set_registered_model_tag(model, HEAD, row.head)
    assert f"Row {LARGEST} is missing" in verify(clone.url)[0]
    MlflowClient().delete_registered_model_tag(model, HEAD)
    reconcile_models(clone, model)
    assert ledger_acts(clone, model)[-1] == "repair"
    assert verify(clone.url) == []


def recomputed(clone: Clone, model: str) -> list[str]:
    """Statements that turn version 2 of the model into version 1, with all hashes after it put right."""
    statements, previous = [], None
    with connect(clone.url) as connection:
        for row in ledger.rows(connection):
            version = "1" if row.model == model and row.version == "2" else row.version
            built = replace(row, version=version, previous_hash=previous or row.previous_hash).sealed()
            previous = built.row_hash
            changed = f"version = '{version}', previous_hash = '{built.previous_hash}', row_hash = '{built.row_hash}'"
            if built != row:
                statements.append(f"update ops.promotions set {changed} where id = {row.id}")
    return statements


def test_with_the_tag_deleted_an_emptied_or_recomputed_ledger_is_detected(clone: Clone, model: str, last: int) -> None:
    with spoilt(clone, *recomputed(clone, model)):
        MlflowClient().delete_registered_model_tag(model, HEAD)
        assert any(item.startswith(f"MLflow has no tag {HEAD} on {model}") for item in verify(clone.url))
    with spoilt(clone, "delete from ops.promotions"):
        result = verify(clone.url)
        assert any(item.startswith(f"The alias previous of {model} is at version 1, but no row") for item in result), (
            result
        )
    assert [item.startswith(f"MLflow has no tag {HEAD} on {model}") for item in verify(clone.url)] == [True]
    reconcile_models(clone, model)
    with connect(clone.url) as connection:
        assert ledger.rows(connection, model)[-1].reason.startswith(f"MLflow has no tag {HEAD} on {model}")
    assert verify(clone.url) == []


def test_a_new_model_and_a_model_of_another_tool_are_no_problem(
    clone: Clone, models: tuple[str, str], sound: str
) -> None:
    expected, foreign = models
    propose(expected, sound)
    MlflowClient().create_model_version(foreign, source="s3://elsewhere/model")
    MlflowClient().set_registered_model_alias(foreign, "production", "1")
    assert verify(clone.url, [expected]) == []
    assert f"The alias production of {foreign} is at version 1" in verify(clone.url, [foreign])[0]

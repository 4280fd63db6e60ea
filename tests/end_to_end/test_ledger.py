"""The ledger in PostgreSQL: nobody changes it, and whoever does it all the same is found out."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.types.json import Jsonb

from registry import ledger, verify
from registry.chain import problems
from registry.held import TamperedError
from registry.history import add_up
from registry.ledger import Entry, append
from stack.postgres import connect
from tests.end_to_end.conftest import Clone
from tests.end_to_end.proposals import promote_one, put, settle

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
    ledger.prepare(clone.url)
    with psycopg.connect(clone.url) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute(statement)  # type: ignore[call-overload]
    with psycopg.connect(clone.url) as connection:
        connection.execute("set role prichal_writer")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)  # type: ignore[call-overload]


@contextmanager
def spoilt(clone: Clone, *statements: str) -> Iterator[None]:
    """What the owner of the table can do with the trigger off; taken back afterwards."""
    off, on = (f"alter table ops.promotions {word} trigger user" for word in ("disable", "enable"))
    with psycopg.connect(clone.url) as connection:
        for statement in ("create table ops.kept as table ops.promotions", off, *statements, on):
            connection.execute(statement)  # type: ignore[call-overload]
    try:
        yield
    finally:
        back = ("delete from ops.promotions", "insert into ops.promotions table ops.kept", "drop table ops.kept")
        with psycopg.connect(clone.url) as connection:
            for statement in (off, *back, on):
                connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture
def last(clone: Clone, model: str, sound: str) -> int:
    """Number of the ledger's last row, after two promotions of this test's model."""
    put(clone, model, sound, 2)
    assert verify(clone.url) == []
    return int(str(clone.rows("select max(id) from ops.promotions")[0][0]))


def test_verify_names_the_row(clone: Clone, model: str, last: int) -> None:
    row = "where id ="
    cases: list[tuple[list[str], str]] = [
        ([f"update ops.promotions set reason = 'better' {row} {last - 1}"], f"Row {last - 1} was tampered with"),
        ([f"update ops.promotions set decision = '{{}}' {row} {last - 2}"], f"Row {last - 2} was tampered with"),
        ([f"delete from ops.promotions {row} {last - 1}"], f"Row {last - 1} is missing"),
        ([f"delete from ops.promotions {row} {last}"], f"Row {last} is missing: MLflow has seen it"),
        ([f"update ops.promotions set id = -1 {row} {last}", f"update ops.promotions set id = {last} {row} {last - 1}",
          f"update ops.promotions set id = {last - 1} {row} -1"], f"Row {last - 1} is out of order"),
    ]  # fmt: skip
    for statements, said in cases:
        with spoilt(clone, *statements):
            found = verify(clone.url)
            assert any(sentence.startswith(said) for sentence in found), (said, found)
            assert len(found) <= 3, "no other row is blamed"
    assert verify(clone.url) == []


def test_nothing_moves_while_rows_are_cut_off(clone: Clone, model: str, last: int) -> None:
    cut = f"delete from ops.promotions where id = {last}"
    with spoilt(clone, cut), pytest.raises(TamperedError, match=f"Row {last} is missing"):
        promote_one(clone, model)
    assert verify(clone.url) == []


def test_what_is_written_with_a_lagging_head_is_anchored_by_the_next_run(clone: Clone, model: str, last: int) -> None:
    with connect(clone.url) as connection:
        connection.autocommit = True
        append(connection, [Entry("tester", model, "refuse", "2", "2", "killed before the tag", {"n": 1e300})])
    assert verify(clone.url) == []
    settle(clone, model)
    with spoilt(clone, f"delete from ops.promotions where id > {last}"):
        assert verify(clone.url) != []


def test_a_ledger_of_an_earlier_release_is_chained_as_found(clone: Clone) -> None:
    insert = "insert into ops.promotions (who, model_name, act, version, replaced_version, decision, reason) " \
             "values ('ann', 'old', %s, %s, %s, %s, 'because')"  # fmt: skip
    ledger.prepare(clone.url)
    with psycopg.connect(clone.url) as connection:
        connection.execute("alter schema ops rename to ops_kept")
    try:
        with psycopg.connect(clone.url) as connection:
            connection.execute(OLD)
            connection.execute(insert, ["promote", "1", None, Jsonb({"accepted": True})])
            connection.execute("select nextval(pg_get_serial_sequence('ops.promotions', 'id'))")
            connection.execute(insert, ["refuse", "2", "1", Jsonb({"checks": [0.1]})])
            connection.execute(insert, ["repair", "3", "1", Jsonb({})])
        for _ in range(2):
            ledger.prepare(clone.url)
        with connect(clone.url) as connection:
            connection.autocommit = True
            append(connection, [Entry("bob", "old", "intent", None, None, "after")])
            rows = ledger.rows(connection)
        assert [(row.id, row.act) for row in rows] == [(1, "promote"), (2, "refuse"), (3, "repair"), (4, "intent")]
        assert problems(rows) == []
        assert (add_up(rows).production, add_up(rows).previous) == ("3", "1")
        with psycopg.connect(clone.url) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute("delete from ops.promotions")
    finally:
        with psycopg.connect(clone.url) as connection:
            connection.execute("drop schema ops cascade")
            connection.execute("alter schema ops_kept rename to ops")

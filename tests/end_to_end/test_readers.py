"""Sessions that log in as docs/access-rights.md and docs/mart.md make people: what they may, and what they may not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from serving.mart import Mart
from stack.postgres import connect
from tests.end_to_end.conftest import Clone

MART = Mart("reader_scores", "customer_id")
DAYS = (date(2026, 3, 1), date(2026, 3, 2))
#: a reader may switch off what would keep older days from being read at all.
PLAIN_SCAN = [f"set enable_{way} = off" for way in ("partition_pruning", "indexscan", "bitmapscan")]
#: cheaper than a comparison of dates, so that the planner calls it first, and it tells what it is shown.
LEAK = """
create function {schema}.leak(shown_date date, shown_id bigint) returns boolean language plpgsql cost 0.0000001
as $$ begin raise notice '% %', shown_date, shown_id; return true; end $$
"""


@dataclass(frozen=True)
class Session:
    """Who logs in, with a password."""

    address: str

    def run(self, *statements: str) -> tuple[list[tuple[object, ...]], list[str]]:
        """The rows of the last statement, and what was told on the way."""
        text: list[str] = []
        with psycopg.connect(self.address) as connection:
            connection.add_notice_handler(lambda notice: text.append(notice.message_primary or ""))
            for statement in statements:
                cursor = connection.execute(statement)  # type: ignore[call-overload]
            return (cursor.fetchall() if cursor.description else []), text


def session(clone: Clone, user: str, password: str) -> Session:
    return Session(make_conninfo("", **{**conninfo_to_dict(clone.url), "user": user, "password": password}))


@pytest.fixture(scope="module")
def mart(clone: Clone) -> Mart:
    """Two published days of three people."""
    for day in DAYS:
        MART.create(clone.url, day)
        with connect(clone.url, role="prichal_writer") as connection:
            connection.execute(
                "insert into mart.reader_scores select %s, n, 'paid', .5, 1, null, null, null, null, null, 'm', '1', "
                "%s, now() from generate_series(1, 3) n",
                [day, day],
            )
    return MART


@pytest.fixture(scope="module")
def people(clone: Clone, mart: Mart) -> Iterator[dict[str, Session]]:
    """Made by the owner, with the statements of the docs."""
    built = (
        "create role anna login password 'of anna' in role prichal_reader",
        "create role marketing login password 'of marketing'",
        "grant prichal_reader to marketing",
        "create role nightly login password 'of nightly' in role prichal_writer",
        "create role stranger login password 'of stranger'",
    )
    with connect(clone.owner_url) as connection:
        for statement in built:
            connection.execute(statement)
    yield {name: session(clone, name, f"of {name}") for name in ("anna", "marketing", "nightly", "stranger")}
    with connect(clone.owner_url) as connection:
        connection.execute("drop role anna, marketing, nightly, stranger")
        connection.execute("drop table mart.reader_scores cascade")


def as_superuser(clone: Clone, *statements: str) -> None:
    password = json.loads((clone.state / "secrets.json").read_text())["postgres"]
    session(clone, "postgres", password).run(*statements)


@pytest.mark.parametrize("name", ["anna", "marketing"])
def test_a_reader_logs_in_and_sees_the_latest_day(people: dict[str, Session], name: str) -> None:
    rows, _ = people[name].run("select score_date, customer_id from mart.reader_scores_current order by 2")
    assert rows == [(DAYS[-1], 1), (DAYS[-1], 2), (DAYS[-1], 3)]
    assert people[name].run("select * from mart.reader_scores_current where risk_decile = 10")[0] == []


@pytest.mark.parametrize(
    "statement",
    [
        "select * from mart.reader_scores",
        "select * from mart.reader_scores_20260301",
        "select * from ops.promotions",
        "delete from mart.reader_scores_current",
        "insert into mart.reader_scores_current (score_date) values ('2026-03-03')",
        "create table mart.mine (x int)",
        "create table public.mine (x int)",
        "create schema mine",
        "create temporary table mine (x int)",
        "set role prichal_writer",
        "set role prichal",
        "create role mine",
        LEAK.format(schema="pg_temp"),
        LEAK.format(schema="public"),
    ],
)
def test_a_reader_has_no_other_right(people: dict[str, Session], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        people["anna"].run(statement)


def test_no_function_shows_a_reader_older_days(clone: Clone, people: dict[str, Session]) -> None:
    """Even where the database's owner lets a reader make functions."""
    query = "select count(*) from mart.reader_scores_current where pg_temp.leak(score_date, customer_id)"
    with connect(clone.owner_url) as connection:
        connection.execute("grant temporary on database prichal to anna")
    try:
        rows, text = people["anna"].run(*PLAIN_SCAN, LEAK.format(schema="pg_temp"), query)
    finally:
        with connect(clone.owner_url) as connection:
            connection.execute("revoke temporary on database prichal from anna")
    assert rows == [(3,)]
    assert {line.split()[0] for line in text} == {str(DAYS[-1])}


@pytest.mark.parametrize("name", ["anna", "stranger"])
@pytest.mark.parametrize("database", ["mlflow", "postgres", "template1"])
def test_no_person_can_connect_to_another_database(people: dict[str, Session], name: str, database: str) -> None:
    elsewhere = Session(make_conninfo(people[name].address, dbname=database))
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        elsewhere.run("select 1")


def test_a_user_without_a_role_cannot_connect(people: dict[str, Session]) -> None:
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        people["stranger"].run("select 1")


def test_a_writer_publishes_through_a_temporary_table_and_adds_to_the_ledger_only(people: dict[str, Session]) -> None:
    rows, _ = people["nightly"].run(
        "create temporary table staged (id bigint) on commit drop",
        "delete from mart.reader_scores where score_date > '2026-03-02'",
        "select count(*) from mart.reader_scores",
    )
    assert rows == [(6,)]
    for statement in ("update ops.promotions set who = 'me'", "delete from ops.promotions", "create table mart.x ()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            people["nightly"].run(statement)


def test_a_database_of_an_earlier_release_is_migrated(clone: Clone, people: dict[str, Session]) -> None:
    as_superuser(
        clone,
        "grant temporary on database prichal to public",
        "revoke connect, temporary on database prichal from prichal_reader, prichal_writer",
        "alter view mart.reader_scores_current reset (security_barrier)",
    )
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        people["anna"].run("select 1")
    assert clone.run("python", "-m", "stack", "up").returncode == 0
    test_a_reader_logs_in_and_sees_the_latest_day(people, "anna")
    test_a_reader_has_no_other_right(people, "create temporary table mine (x int)")
    test_no_function_shows_a_reader_older_days(clone, people)

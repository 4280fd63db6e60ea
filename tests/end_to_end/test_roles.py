"""Logins of marketing, BI and the administrator: which rows each may read, and which statements are refused."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from serving.mart import Mart
from stack.postgres import connect
from stack.schema import migrate
from tests.end_to_end.conftest import Clone

MART = Mart("role_scores", "customer_id")
DAYS = (date(2026, 3, 1), date(2026, 3, 2))
ROLES = ("marketing", "bi", "administrator")
CURRENT = ("mart.role_scores_current", "mart.role_actions_current")
HISTORY = ("mart.role_scores_history", "mart.role_scores_daily", "mart.role_actions_history")
AGGREGATES = ("ops.model_quality", "ops.drift", "ops.constraint_prices", "ops.campaigns")
PEOPLE = ("mart.role_scores", "mart.role_actions", "ops.assignments", "ops.outbox",
          "ops.reactions", "ops.closed_channels", "ops.erased", "ops.promotions", "ops.runs")  # fmt: skip
ALLOWED = {
    "marketing": (*CURRENT, "mart.campaign_lift"),
    "bi": (*HISTORY, *AGGREGATES, "mart.campaign_lift"),
    "administrator": (*CURRENT, *HISTORY, *AGGREGATES, *PEOPLE, "mart.campaign_lift"),
}
#: what none of the three may do.
REFUSED = (
    "insert into mart.role_scores_current (score_date) values ('2026-03-03')",
    "select * from mart.role_scores_20260301",
    "delete from mart.role_scores",
    "delete from mart.role_actions",
    "update ops.promotions set who = 'me'",
    "insert into ops.promotions select * from ops.promotions",
    "delete from ops.assignments",
    "truncate ops.outbox",
    "drop view mart.role_scores_history",
    "create table mart.mine (x int)",
    "create temporary table mine (x int)",
    "select mart.create_scores('mine', 'customer_id', 'bigint')",
    "select mart.share_scores('role_scores')",
    "set role prichal_writer",
    "set role prichal_mover",
    "set role prichal",
)


@pytest.fixture(scope="module")
def logins(clone: Clone) -> Iterator[dict[str, str]]:
    """Role -> URL of a login that has only this role, beside two published days of three people."""
    MART.create_actions(clone.url)
    for day in DAYS:
        MART.create(clone.url, day)
        with connect(clone.url, role="prichal_writer") as connection:
            connection.execute(
                "insert into mart.role_scores select %s, n, 'paid', .5, 1, 'Paid late', null, null, null, null, 'm', "
                "'1', %s, now() from generate_series(1, 3) n",
                [day, day],
            )
            connection.execute(
                "insert into mart.role_actions values (%s, 2, 'paid', 'c', 'explore', 'sms_none_1', 'sms', 'none', 1, "
                "null, null, 1, 'explore only', now())",
                [day],
            )
    clone.as_owner(*(f"create role a_{role} login password 'of {role}' in role prichal_{role}" for role in ROLES))
    yield {role: clone.url_of(f"a_{role}", f"of {role}") for role in ROLES}
    clone.as_owner(
        *(f"drop role a_{role}" for role in ROLES),
        "drop table mart.role_scores, mart.role_actions cascade",
    )


def count_rows(url: str, relation: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"select count(*) from {relation}").fetchone()  # type: ignore[call-overload]
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("relation", sorted({name for names in ALLOWED.values() for name in names}))
def test_each_role_reads_its_tables_and_no_others(logins: dict[str, str], relation: str) -> None:
    for role, url in logins.items():
        if relation in ALLOWED[role]:
            assert count_rows(url, relation) >= 0
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                count_rows(url, relation)


@pytest.mark.parametrize("statement", REFUSED)
def test_no_role_changes_rows_tables_or_its_own_rights(logins: dict[str, str], statement: str) -> None:
    for url in logins.values():
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)  # type: ignore[call-overload]


def test_marketing_sees_one_day_and_bi_all_days(logins: dict[str, str]) -> None:
    assert [count_rows(logins["marketing"], view) for view in CURRENT] == [3, 1]
    assert [count_rows(logins["bi"], view) for view in HISTORY] == [6, 2, 2]


def test_no_column_that_bi_may_read_holds_a_person(clone: Clone, logins: dict[str, str]) -> None:
    allowed = """
        select a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace in ('mart'::regnamespace, 'ops'::regnamespace)
          and has_column_privilege('prichal_bi', c.oid, a.attnum, 'select')
    """
    columns = {str(row[0]) for row in clone.rows(allowed)}
    assert {"churn_probability", "people", "auc"} <= columns
    assert not columns & {"customer_id", "user_id", "entity", "who", "reason_1", "idempotency_key", "global_draw"}


def test_every_column_of_mart_and_ops_has_a_comment(clone: Clone, logins: dict[str, str]) -> None:
    missing = """
        select format('%s.%s', c.oid::regclass, a.attname)
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace in ('mart'::regnamespace, 'ops'::regnamespace) and c.relkind in ('r', 'p', 'v')
          and not c.relispartition
          and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)
    """
    assert clone.rows(missing) == []
    comment = "select col_description('mart.role_scores_current'::regclass, 2)"
    assert clone.rows(comment) == [("the person, or another entity, of the row",)]


def test_a_database_of_an_earlier_release_gets_views_rights_and_comments(clone: Clone, logins: dict[str, str]) -> None:
    clone.as_owner(
        "drop view mart.role_scores_history, mart.role_scores_daily, mart.role_actions_history",
        "comment on column mart.role_scores.population is null",
        "comment on column ops.runs.message is null",
        "revoke select on mart.role_scores_current from prichal_marketing",
    )
    migrate(clone.owner_url)
    test_marketing_sees_one_day_and_bi_all_days(logins)
    test_every_column_of_mart_and_ops_has_a_comment(clone, logins)

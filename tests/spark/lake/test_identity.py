"""An anonymous row belongs to whoever had last logged in on its id by then, and is known once both are."""

from typing import TYPE_CHECKING

import pytest

from lake import Source, base, view_sql
from projects.churn.sources import APP_SESSIONS, HITS, IDENTITY_LINKS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LOGINS = (
    ("ym_client", "7", "anna", "2026-02-05 09:00:00", "2026-02-05 09:00:10"),
    ("ym_client", "7", "boris", "2026-02-08 09:00:00", "2026-02-08 09:00:10"),
    ("ym_client", "8", "clara", "2026-02-05 09:00:00", "2026-02-12 00:00:00"),
    ("appmetrica_device", "9", "dmitri", "2026-02-05 09:00:00", "2026-02-05 09:00:00"),
)

#: what it is -> the browser and the moment of a page, whose it is and when that is known.
PAGES = {
    "before the first login": ("7", "2026-02-05 08:59:59", None, None),
    "at the very moment of the login": ("7", "2026-02-05 09:00:00", "anna", "2026-02-05 09:00:10"),
    "after it": ("7", "2026-02-06 20:00:00", "anna", "2026-02-06 20:00:00"),
    "after another person's login on the same browser": ("7", "2026-02-09 20:00:00", "boris", "2026-02-09 20:00:00"),
    "a login that reached us later": ("8", "2026-02-06 20:00:00", "clara", "2026-02-12 00:00:00"),
    "an id of another kind": ("9", "2026-02-06 20:00:00", None, None),
    "a browser on which nobody logs in": ("10", "2026-02-06 20:00:00", None, None),
}


def show(source: Source, rows: "DataFrame") -> None:
    """Make rows the source's table; what they do not tell is null."""
    rest = {column.name: column.type for column in source.columns if column.name not in rows.columns}
    nulls = [f"cast(null as {kind}) as {name}" for name, kind in rest.items()]
    rows.selectExpr("*", *nulls).createOrReplaceTempView(base(source))


@pytest.fixture(scope="module")
def links(spark: "SparkSession") -> None:
    rows = spark.createDataFrame(LOGINS, "kind string, anonymous_id string, user_id string, at string, seen string")
    moments = ("timestamp(at) as linked_at", "timestamp(seen) as reported_at")
    show(IDENTITY_LINKS, rows.selectExpr("kind", "anonymous_id", "user_id", *moments))


@pytest.fixture(scope="module")
def owners(spark: "SparkSession", links: None) -> dict[tuple[str, str], tuple[str | None, str]]:
    rows = spark.createDataFrame([page[:2] for page in PAGES.values()], "client_id string, at string")
    show(HITS, rows.selectExpr("client_id", f"timestamp(at) as {HITS.event_time}"))
    result = spark.sql(view_sql(HITS, everybody=True))
    text = result.selectExpr("client_id", f"string({HITS.event_time}) as at", "user_id", "string(_known) as known")
    return {(row["client_id"], row["at"]): (row["user_id"], row["known"]) for row in text.collect()}


@pytest.mark.parametrize(("browser", "at", "owner", "present"), PAGES.values(), ids=PAGES)
def test_whose_page_it_is(
    browser: str,
    at: str,
    owner: str | None,
    present: str | None,
    owners: dict[tuple[str, str], tuple[str | None, str]],
):
    assert owners[browser, at] == (owner, present or at)


def test_a_row_of_nobody_is_left_out_where_features_are_made(spark: "SparkSession", owners: object):
    assert spark.sql(view_sql(HITS)).count() == sum(owner is not None for _, _, owner, _ in PAGES.values())


def test_a_row_that_names_its_person_needs_no_login(spark: "SparkSession", links: None):
    moment = "timestamp'2026-02-06 20:00:00'"
    rows = (
        f"select * from values ('9', 'elena', {moment}), ('9', null, {moment}) as t(device_id, profile_id, started_at)"
    )
    show(APP_SESSIONS, spark.sql(rows).selectExpr("*", "started_at as received_at"))
    result = spark.sql(view_sql(APP_SESSIONS)).collect()
    assert {row["profile_id"]: row["user_id"] for row in result} == {"elena": "elena", None: "dmitri"}

"""An anonymous row belongs to whoever had last logged in on its id by then, and is known once both are."""

from typing import TYPE_CHECKING

import pytest

from lake.identity import resolve
from projects.churn.sources import APP_SESSIONS, HITS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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


@pytest.fixture(scope="module")
def owners(spark: "SparkSession") -> dict[tuple[str, str], tuple[str | None, str]]:
    links = spark.createDataFrame(LOGINS, "kind string, anonymous_id string, user_id string, at string, seen string")
    links = links.selectExpr(
        "kind", "anonymous_id", "user_id", "timestamp(at) as linked_at", "timestamp(seen) as reported_at"
    )
    rows = spark.createDataFrame([page[:2] for page in PAGES.values()], "client_id string, at string")
    rows = rows.selectExpr("client_id", "timestamp(at) as seen_at", "timestamp(at) as _known")
    assert HITS.identity is not None
    found = resolve(rows, HITS, HITS.identity, links)
    told = found.selectExpr("client_id", "string(seen_at) as at", "user_id", "string(_known) as known").collect()
    return {(row["client_id"], row["at"]): (row["user_id"], row["known"]) for row in told}


@pytest.mark.parametrize(("browser", "at", "owner", "known"), PAGES.values(), ids=PAGES)
def test_whose_page_it_is(
    browser: str,
    at: str,
    owner: str | None,
    known: str | None,
    owners: dict[tuple[str, str], tuple[str | None, str]],
):
    assert owners[browser, at] == (owner, known or at)


def test_a_row_that_names_its_person_needs_no_login(spark: "SparkSession"):
    links = spark.createDataFrame(LOGINS, "kind string, anonymous_id string, user_id string, at string, seen string")
    links = links.selectExpr(
        "kind", "anonymous_id", "user_id", "timestamp(at) as linked_at", "timestamp(seen) as reported_at"
    )
    moment = "timestamp'2026-02-06 20:00:00'"
    rows = spark.sql(
        f"select * from values ('9', 'elena', {moment}, {moment}), ('9', null, {moment}, {moment}) "
        "as t(device_id, profile_id, started_at, _known)"
    )
    assert APP_SESSIONS.identity is not None
    found = resolve(rows, APP_SESSIONS, APP_SESSIONS.identity, links).select("profile_id", "user_id").collect()
    assert {row["profile_id"]: row["user_id"] for row in found} == {"elena": "elena", None: "dmitri"}

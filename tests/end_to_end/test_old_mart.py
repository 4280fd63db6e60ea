"""A mart of an earlier release holds the text 'None' where no reason was; the next step corrects it, once."""

from datetime import date

from psycopg import sql

from serving import Mart
from stack.postgres import connect
from stack.schema import migrate
from tests.end_to_end.conftest import Clone

MART, DAY = Mart("old_scores", "user_id"), date(2026, 10, 1)
REASONS = "select user_id, reason_1, reason_2, reason_3 from mart.old_scores order by 1"
ROWS = [(1, "Paid late", "None", "None"), (2, "None", "None", "None"), (3, "None of three", None, "Left"),
        (4, None, None, None)]  # fmt: skip


def publish(clone: Clone, rows: list[tuple[object, ...]]) -> None:
    insert = sql.SQL(
        "insert into {} values (%s, %s, 'paid', 0.5, 5, %s, %s, %s, null, null, 'None', '1', %s, now())"
    ).format(MART.scores)
    with connect(clone.url, role="prichal_writer") as connection:
        for user_id, *reasons in rows:
            connection.execute(insert, [DAY, user_id, *reasons, DAY])


def migrate_again(clone: Clone) -> None:
    """The migrations of a state of the release before them."""
    clone.as_owner(
        "drop table ops.alembic_version", "drop function mart.create_scores, mart.create_day, ops.list_blockers"
    )
    migrate(clone.owner_url)


def test_the_text_none_becomes_null_in_published_days_once(clone: Clone) -> None:
    MART.create(clone.url, DAY)
    try:
        with connect(clone.owner_url) as connection:
            connection.execute("delete from ops.migrations where name like 'mart.old_scores:%'")
        publish(clone, ROWS)
        scored_at = clone.rows("select user_id, xmin::text from mart.old_scores order by 1")
        for _ in range(2):
            migrate_again(clone)
        corrected = [(1, "Paid late", None, None), (2, None, None, None), *ROWS[2:]]
        assert clone.rows(REASONS) == corrected
        assert clone.rows("select distinct model_name from mart.old_scores") == [("None",)], (
            "no other column is touched"
        )
        assert clone.rows("select user_id, xmin::text from mart.old_scores order by 1")[2:] == scored_at[2:]
        assert clone.rows("select details from ops.migrations where name like 'mart.old_scores:%'") == [({"rows": 2},)]
        publish(clone, [(5, "None", None, None)])
        migrate_again(clone)
        assert clone.rows(REASONS)[-1] == (5, "None", None, None), "a recorded correction is not made again"
    finally:
        with connect(clone.owner_url) as connection:
            connection.execute("drop table mart.old_scores cascade")
            connection.execute("delete from ops.migrations where name like 'mart.old_scores:%'")

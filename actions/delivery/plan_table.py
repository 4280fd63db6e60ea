"""The table of a project's daily plan, `mart.<project>_actions`."""

from serving import Mart
from stack.lock_waits import retry_while_blocked
from stack.postgres import connect


def plan_table(project: str) -> str:
    """Its name in the schema `mart`."""
    return f"{project}_actions"


def create_plan_table(database_url: str, project: str, mart: Mart) -> None:
    """Let the owner's function create the table and the view of its latest day, unless they exist.

    Raises:
        BlockedError: another session held a lock for 45 s.
    """
    mart.create(database_url)
    table, create = plan_table(project), "select mart.create_actions(%s, %s, %s, %s)"
    with connect(database_url, role="prichal_writer") as connection:
        retry_while_blocked(
            connection, database_url, f"Creating mart.{table}",
            lambda: connection.execute(create, [table, mart.table, mart.entity, mart.entity_type]),
        )  # fmt: skip

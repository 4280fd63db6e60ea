"""The mart: one table per project, partitioned by score date, and a view of the latest day."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from stack.errors import PrichalError
from stack.lock_waits import retry_while_blocked
from stack.postgres import connect
from stack.schema import check_schema


class MartError(PrichalError):
    """A project declares a mart that PostgreSQL cannot have."""


@dataclass(frozen=True)
class Mart:
    """The table that a project's scores are published to.

    Attributes:
        table: name in the schema `mart`, such as `cdnow_scores`; the view is `<table>_current`.
        entity: name of the key column, such as `customer_id`.
        entity_type: its PostgreSQL type.
    """

    table: str
    entity: str
    entity_type: str = "bigint"

    def __post_init__(self) -> None:
        for name in (self.table, self.entity):
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", name):
                raise MartError(f"Mart name {name!r} must be at most 51 lower-case letters, digits and underscores.")
        if self.entity_type not in {"bigint", "text"}:
            raise MartError(f"Mart {self.table}: entity_type {self.entity_type!r} is not allowed: use bigint or text.")

    @property
    def scores(self) -> sql.Identifier:
        """The table as a quoted SQL name."""
        return sql.Identifier("mart", self.table)

    @property
    def current(self) -> sql.Identifier:
        """The view of the latest day as a quoted SQL name."""
        return sql.Identifier("mart", f"{self.table}_current")

    @property
    def actions_table(self) -> str:
        """Name of the table of the daily plan in the schema `mart`.

        >>> Mart("churn_scores", "user_id").actions_table
        'churn_actions'
        """
        return f"{self.table.removesuffix('_scores')}_actions"

    @property
    def actions(self) -> sql.Identifier:
        """The table of the daily plan as a quoted SQL name."""
        return sql.Identifier("mart", self.actions_table)

    def partition(self, score_date: date) -> sql.Identifier:
        """The partition of one day as a quoted SQL name."""
        return sql.Identifier("mart", f"{self.table}_{score_date:%Y%m%d}")

    def create(self, database_url: str, score_date: date | None = None) -> None:
        """Let the owner's functions create table and view, and the partition of `score_date`, unless they exist.

        Raises:
            BlockedError: another session held a lock for 45 s.
            SchemaError: the migrations of this release were not applied to the database.
        """
        check_schema(database_url)
        with connect(database_url, role="prichal_writer") as connection:
            retry_while_blocked(
                connection, database_url, f"Creating mart.{self.table}", lambda: self._create(connection, score_date)
            )

    def create_actions(self, database_url: str) -> None:
        """Let the owner's function create the table of the daily plan and its view, unless they exist.

        Raises:
            BlockedError: another session held a lock for 45 s.
            SchemaError: the migrations of this release were not applied to the database.
        """
        self.create(database_url)
        names = [self.actions_table, self.table, self.entity, self.entity_type]
        with connect(database_url, role="prichal_writer") as connection:
            retry_while_blocked(
                connection, database_url, f"Creating mart.{self.actions_table}",
                lambda: connection.execute("select mart.create_actions(%s, %s, %s, %s)", names),
            )  # fmt: skip

    def _create(self, connection: psycopg.Connection, score_date: date | None) -> None:
        create = "select mart.create_scores(%s, %s, %s)"
        connection.execute(create, [self.table, self.entity, self.entity_type])
        if score_date is not None:
            connection.execute("select mart.create_day(%s, %s)", [self.table, score_date])


def highest_risks(database_url: str, mart: Mart, count: int) -> list[dict[str, Any]]:
    """The rows of the latest day with the highest probability; equal ones are ordered by key."""
    with connect(database_url) as connection:
        query = sql.SQL("select * from {} order by churn_probability desc, {} limit %s")
        rows = connection.cursor(row_factory=dict_row)
        return rows.execute(query.format(mart.current, sql.Identifier(mart.entity)), [count]).fetchall()


def published_dates(database_url: str, mart: Mart) -> list[date]:
    """The days whose scores are in the mart, in order."""
    mart.create(database_url)
    with connect(database_url) as connection:
        query = sql.SQL("select distinct score_date from {} order by 1").format(mart.scores)
        return [row[0] for row in connection.execute(query)]


def published_versions(database_url: str, mart: Mart, model: str) -> list[tuple[date, str]]:
    """Each day that the mart has scores of the model for, with the version that computed them, in order."""
    mart.create(database_url)
    query = sql.SQL("select distinct score_date, model_version from {} where model_name = %s order by 1, 2")
    with connect(database_url) as connection:
        rows = connection.execute(query.format(mart.scores), [model]).fetchall()
    return [(row[0], str(row[1])) for row in rows]


def scored_dates(database_url: str, mart: Mart, model: str, version: str) -> list[date]:
    """The days that the mart has scores of a model's version for, in order."""
    return [day for day, published in published_versions(database_url, mart, model) if published == version]


def published_scores(database_url: str, mart: Mart, score_date: date) -> pd.DataFrame:
    """Entity, population, churn_probability, model_name and model_version of one published day."""
    query = sql.SQL("select {}, population, churn_probability, model_name, model_version from {} where score_date = %s")
    with connect(database_url) as connection:
        cursor = connection.execute(query.format(sql.Identifier(mart.entity), mart.scores), [score_date])
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])

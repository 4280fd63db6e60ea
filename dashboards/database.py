"""Run named queries: in read-only transactions of a login that only reads, with a limit on their time."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from dashboards.page import Dashboard
from dashboards.query import Query
from stack.errors import ServiceError, SettingError
from stack.postgres import open_connection
from stack.settings import VARIABLES, Settings

#: a query that takes longer is stopped, so that a page answers.
TIMEOUT_SECONDS = 20

DOWN = "The database does not answer, so nothing can be shown here. Reload the page in a minute."
SLOW = f"The query took longer than {TIMEOUT_SECONDS} s and was stopped. Choose a shorter period or fewer groups."
WRONG_VALUE = "A filter has a value that cannot be read, such as a date that does not exist: correct it or clear it."
NOT_ALLOWED = "These rows name people. Your role sees aggregates only."


@dataclass(frozen=True)
class QueryRows:
    """The rows of a query: values in the order of its columns; `sentence` says why there are none."""

    query: Query
    rows: tuple[tuple[Any, ...], ...]
    sentence: str | None = None

    def values(self, column: str) -> list[Any]:
        """All values of a column."""
        place = [c.name for c in self.query.columns].index(column)
        return [row[place] for row in self.rows]


class PageDatabase:
    """Connections of the pages, one for each thread; a broken one is replaced at the next query."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()

    @classmethod
    def of(cls, settings: Settings) -> "PageDatabase":
        """The database of the settings.

        Raises:
            SettingError: it is not set.
        """
        if settings.dashboards_database_url is None:
            name = VARIABLES["dashboards_database_url"]
            raise SettingError(
                f"{name} is not set: run `make up`, or give a login with the role prichal_pages (docs/dashboards.md)."
            )
        return cls(settings.dashboards_database_url.get_secret_value())

    def read(
        self,
        query: Query,
        dashboard: Dashboard,
        filters: Mapping[str, object],
        sees_people: bool,
        limit: int | None = None,
    ) -> QueryRows:
        """Rows of a query with the dashboard's names and the page's filters; never raises for what a page can say.

        Args:
            query: the query.
            dashboard: the project's names and values.
            filters: values of the page's filters; a parameter without a value is null.
            sees_people: whether the reader may see rows that name people.
            limit: the largest number of rows; all if None.
        """
        if query.has_people and not sees_people:
            return QueryRows(query, (), NOT_ALLOWED)
        if any(f"{{{name}}}" in query.text and name not in dashboard.names for name in ("scores", "actions", "entity")):
            return QueryRows(query, (), query.missing)
        try:
            rows = self._fetch(statement(query, dashboard), bind(query, dashboard, filters), limit)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            return QueryRows(query, (), query.missing)
        except psycopg.errors.QueryCanceled:
            return QueryRows(query, (), SLOW)
        except psycopg.DataError:
            return QueryRows(query, (), WRONG_VALUE)
        except (ServiceError, psycopg.OperationalError, psycopg.InterfaceError):
            return QueryRows(query, (), DOWN)
        return QueryRows(query, rows, None if rows else query.empty)

    def answers(self) -> bool:
        """Whether PostgreSQL answers this login."""
        try:
            self._fetch(sql.SQL("select 1"), {}, None)
        except (ServiceError, psycopg.Error):
            return False
        return True

    def _fetch(
        self, query: sql.SQL | sql.Composed, values: Mapping[str, object], limit: int | None
    ) -> tuple[tuple[Any, ...], ...]:
        for is_last in (False, True):  # a connection that was idle while PostgreSQL restarted is opened anew
            try:
                with self._connection().transaction(), self._connection().cursor() as cursor:
                    cursor.execute(query, dict(values))
                    return tuple(cursor.fetchall() if limit is None else cursor.fetchmany(limit))
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if isinstance(error, psycopg.errors.QueryCanceled) or is_last:
                    raise
                self._local.connection.close()
        raise AssertionError("unreachable")

    def _connection(self) -> psycopg.Connection:
        connection: psycopg.Connection | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            connection = open_connection(self._url)
            connection.read_only = True
            connection.autocommit = True
            connection.execute("select set_config('statement_timeout', %s, false)", [f"{TIMEOUT_SECONDS}s"])
            self._local.connection = connection
        return connection


def statement(query: Query, dashboard: Dashboard) -> sql.Composed:
    """The SQL of a query with the names of the dashboard, quoted."""
    names = {name: sql.Identifier(*parts) for name, parts in dashboard.names.items()}
    return sql.SQL(query.text).format(**names)


def bind(query: Query, dashboard: Dashboard, filters: Mapping[str, object]) -> dict[str, object]:
    """The values of all parameters of a query: of the dashboard, else of the filters, else null."""
    values = {**filters, **dashboard.values, "project": dashboard.name}
    return {name: values.get(name) for name in query.parameters}

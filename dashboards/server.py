"""The server of the pages: one callback draws the frame, one fills a block; the rest are declarations."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import flask
from dash import ALL, MATCH, Dash, Input, Output, State
from flask import abort

from dashboards import layout, sign_in
from dashboards.blocks import build_block
from dashboards.database import DOWN, PageDatabase, QueryRows, statement
from dashboards.page import Chart, Dashboard, DashboardPage
from dashboards.pages import load_dashboards
from dashboards.query import load_query, query_names
from stack.errors import SettingError
from stack.settings import VARIABLES, Settings

FOLDER = __name__.rpartition(".")[0]
#: nothing is loaded from another machine, whatever a chart or a text contains.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)


def create_server(settings: Settings | None = None, dashboards: Sequence[Dashboard] | None = None) -> flask.Flask:
    """The WSGI server of all pages.

    Args:
        settings: settings of this process; loaded if None.
        dashboards: the pages; those of all projects if None.

    Raises:
        SettingError: the database or the key of the sessions is not set.
    """
    settings = settings or Settings.load()
    database = PageDatabase.of(settings)
    if settings.dashboards_key is None or settings.dashboards_database_url is None:
        raise SettingError(f"{VARIABLES['dashboards_key']} is not set: run `make up`, or set it to a random text.")
    server = flask.Flask(FOLDER)
    key, url = settings.dashboards_key.get_secret_value(), settings.dashboards_database_url.get_secret_value()
    sign_in.require_sign_in(server, key, url)
    pages = PageServer(database, load_dashboards() if dashboards is None else tuple(dashboards))
    pages.add_routes(server)
    _add_dash(server, pages)
    server.after_request(_add_headers)
    return server


class PageServer:
    """Answers the requests of the pages from the database."""

    def __init__(self, database: PageDatabase, dashboards: tuple[Dashboard, ...]) -> None:
        self.database = database
        self.dashboards = dashboards

    def find(self, path: str) -> tuple[Dashboard, DashboardPage] | None:
        """Dashboard and page of a path such as `/churn/today`; the first ones where the path names none."""
        parts = [part for part in path.split("/") if part]
        dashboard = next((each for each in self.dashboards if not parts or each.name == parts[0]), None)
        if dashboard is None:
            return None
        page = dashboard.page(parts[1]) if len(parts) > 1 else dashboard.pages[0]
        return None if page is None else (dashboard, page)

    def read(
        self, name: str, dashboard: Dashboard, filters: Mapping[str, object], limit: int | None = None
    ) -> QueryRows:
        """Rows of a query for the reader of this request."""
        return self.database.read(load_query(name), dashboard, filters, sign_in.sees_people(), limit)

    def draw_page(self, path: str) -> tuple[list[Any], list[Any]]:
        """Menu and page of a path."""
        place = self.find(path)
        if place is None:
            dashboard = self.dashboards[0]
            return layout.build_menu(self.dashboards, dashboard, dashboard.pages[0]), layout.build_unknown_page(path)
        dashboard, page = place
        choices = {each.name: self.read(each.options, dashboard, {}) for each in page.filters if each.options}
        return layout.build_menu(self.dashboards, dashboard, page), layout.build_page(page, dict(choices))

    def fill_block(
        self, values: list[Any], theme: str | None, filters: list[dict[str, str]], block_id: dict[str, int], path: str
    ) -> list[Any]:
        """The content of a block of the page, with the values of the page's filters."""
        location, place = self.find(path), int(block_id["place"])
        if location is None or place >= len(location[1].blocks):
            return []
        dashboard, page = location
        block = page.blocks[place]
        given = layout.filter_values(page, [each["name"] for each in filters], values)
        rows = self.read(block.query, dashboard, given)
        marks = self.read(block.marks, dashboard, given) if isinstance(block, Chart) and block.marks else None
        return build_block(block, rows, dashboard.name, dict(given), theme or "light", marks)

    def add_routes(self, server: flask.Flask) -> None:
        """Health, exports and the SQL of each query."""
        server.add_url_rule("/health", view_func=self.health)
        server.add_url_rule("/export/<project>/<path:name>.csv", view_func=self.export)
        server.add_url_rule("/sql/<project>/<path:name>", view_func=self.show_sql)

    def health(self) -> flask.Response:
        """200 if the pages can read the database, else 503."""
        is_up = self.database.answers()
        return flask.Response("ok" if is_up else DOWN, 200 if is_up else 503, mimetype="text/plain")

    def export(self, project: str, name: str) -> flask.Response:
        """All rows of a query with the filters of the address, as CSV."""
        dashboard = self._dashboard(project, name)
        filters: dict[str, object] = {
            key: values if _is_list(dashboard, key) else values[0] for key, values in flask.request.args.lists()
        }
        rows = self.read(name, dashboard, filters)
        if rows.sentence is not None and rows.sentence != rows.query.empty:
            return flask.Response(rows.sentence, 503 if rows.sentence == DOWN else 404, mimetype="text/plain")
        file = f"{project}-{name.replace('/', '-')}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return flask.Response(_csv(rows), mimetype="text/csv", headers=headers)

    def show_sql(self, project: str, name: str) -> flask.Response:
        """The SQL of a query with its description."""
        dashboard, query = self._dashboard(project, name), load_query(name)
        text = f"-- {query.title}\n-- {query.description}\n-- project: {project}\n\n"
        names = [name for name in ("scores", "actions", "entity") if f"{{{name}}}" in query.text]
        is_complete = all(name in dashboard.names for name in names)
        sql = statement(query, dashboard).as_string() if is_complete else query.text
        return flask.Response(f"{text}{sql}\n", mimetype="text/plain")

    def _dashboard(self, project: str, name: str) -> Dashboard:
        dashboard = next((each for each in self.dashboards if each.name == project), None)
        if dashboard is None or name not in query_names():
            abort(404, f"{project}/{name} is not a query of the dashboards.")
        return dashboard


def _is_list(dashboard: Dashboard, name: str) -> bool:
    return any(each.kind == "choices" and each.name == name for page in dashboard.pages for each in page.filters)


def _csv(rows: QueryRows) -> Iterator[str]:
    """Lines of CSV: column names, then raw values; an apostrophe keeps a spreadsheet from running a text."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow([column.name for column in rows.query.columns])
    for row in rows.rows:
        writer.writerow([_harmless(value) for value in row])
        if line.tell() > 65536:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in set("=+-@\t\r") else value


def _add_dash(server: flask.Flask, pages: PageServer) -> None:
    app = Dash(
        FOLDER, server=server, title="Prichal", update_title="", suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )  # fmt: skip
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    app.layout = layout.build_frame()
    app.clientside_callback(
        layout.APPLY_THEME, Output("theme", "data"), Input("theme-button", "n_clicks"), State("theme", "data")
    )

    app.callback(Output("menu", "children"), Output("page", "children"), Input("address", "pathname"))(pages.draw_page)
    app.callback(
        Output({"type": "block", "place": MATCH}, "children"),
        Input({"type": "filter", "name": ALL}, "value"),
        Input("theme", "data"),
        State({"type": "filter", "name": ALL}, "id"),
        State({"type": "block", "place": MATCH}, "id"),
        State("address", "pathname"),
    )(pages.fill_block)
    with server.test_request_context():
        app.index()  # Dash registers its scripts here: every process must know them before its first request


def _add_headers(response: flask.Response) -> flask.Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if not flask.request.path.startswith(("/assets/", "/_dash-component-suites/")):
        response.headers["Cache-Control"] = "no-store"
    return response

"""Who reads the pages: a PostgreSQL login with a role of readers, or the owner of this clone by a link."""

import html
from collections.abc import Callable

import flask
import psycopg
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from stack.errors import ServiceError
from stack.postgres import open_connection

#: PostgreSQL roles that may sign in -> whether they see rows that name people. The first that a login has decides.
ROLES = {"prichal_administrator": True, "prichal_marketing": True, "prichal_reader": True, "prichal_bi": False}
#: a link of the owner opens a session within this time.
LINK_SECONDS = 24 * 3600
OWNER = "owner"
#: paths that need no log-in.
OPEN_PATHS = ("/sign-in", "/health", "/assets/")

WRONG = "PostgreSQL refuses this name and password."
NO_ROLE = "This login has no role of readers. Let the owner grant it prichal_marketing or prichal_bi."

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Prichal</title><link rel="stylesheet" href="/assets/style.css"></head>
<body class="sign-in"><main><h1>Prichal</h1><p>Sign in with your PostgreSQL login.</p>
<form method="post"><label>Name<input name="name" autocomplete="username" required autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
{sentence}<button>Sign in</button></form></main></body></html>"""


def sign_link(key: str) -> str:
    """Path and query that sign in the owner of this clone, for a day."""
    return f"/sign-in?link={_serializer(key).dumps(OWNER)}"


def sees_people() -> bool:
    """Whether the reader of this request may see rows that name people."""
    return bool(flask.session.get("sees_people"))


def reader_name() -> str:
    """The name of the reader of this request."""
    return str(flask.session.get("name", ""))


def require_sign_in(server: flask.Flask, key: str, database_url: str) -> None:
    """Answer only readers who signed in; others get the page for it.

    Args:
        server: the Flask server of the pages.
        key: secret that signs sessions and links.
        database_url: URL of the pages' login: readers' logins are checked at its host and database.
    """
    server.secret_key = key
    server.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_NAME="prichal")

    @server.before_request
    def check_session() -> Response | None:
        path = flask.request.path
        if "name" in flask.session or path.startswith(OPEN_PATHS):
            return None
        if flask.request.method == "GET" and not path.startswith("/_dash"):
            return flask.redirect("/sign-in")
        return flask.Response("Sign in first.", 401)

    server.add_url_rule("/sign-in", view_func=_sign_in_view(key, database_url), methods=["GET", "POST"])
    server.add_url_rule("/sign-out", "sign_out", _sign_out)


def _sign_in_view(key: str, database_url: str) -> Callable[[], Response]:
    def sign_in() -> Response:
        link = flask.request.args.get("link")
        if link is not None and _is_owner(key, link):
            return _open_session(OWNER, True)
        if flask.request.method == "GET":
            return _page("This link is not valid any more: run `make dashboards`." if link else "", 200)
        form = flask.request.form
        name, password = form.get("name", ""), form.get("password", "")
        try:
            role = find_role(database_url, name, password)
        except (ServiceError, psycopg.Error):
            return _page(WRONG, 403)
        return _page(NO_ROLE, 403) if role is None else _open_session(name, ROLES[role])

    return sign_in


def find_role(database_url: str, name: str, password: str) -> str | None:
    """The role of readers that a PostgreSQL login has; None if it has none.

    Raises:
        ServiceError: PostgreSQL refuses the login, or does not answer.
    """
    with open_connection(database_url, user=name, password=password) as connection:
        rows = connection.execute(
            "select rolname from pg_roles where rolname = any(%s) and pg_has_role(session_user, oid, 'member')",
            [list(ROLES)],
        ).fetchall()
    granted = {row[0] for row in rows}
    return next((role for role in ROLES if role in granted), None)


def _open_session(name: str, may_see_people: bool) -> Response:
    flask.session.clear()
    flask.session.update(name=name, sees_people=may_see_people)
    return flask.redirect("/")


def _sign_out() -> Response:
    flask.session.clear()
    return flask.redirect("/sign-in")


def _page(sentence: str, status: int) -> Response:
    text = f'<p class="sentence" role="alert">{html.escape(sentence)}</p>' if sentence else ""
    return flask.Response(PAGE.format(sentence=text), status)


def _is_owner(key: str, link: str) -> bool:
    try:
        return bool(_serializer(key).loads(link, max_age=LINK_SECONDS) == OWNER)
    except BadData:
        return False


def _serializer(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="dashboards")

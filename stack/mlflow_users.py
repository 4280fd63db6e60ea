"""People who may use MLflow: roles of least rights, and one role a person (docs/access-rights.md)."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import requests

from stack.errors import PrichalError
from stack.mlflow_login import ADMIN
from stack.mlflow_server import check
from stack.settings import Settings

#: MLflow without workspaces keeps all roles here.
WORKSPACE = "default"
#: who acts in the ledger without being a person.
TAKEN = (ADMIN, "watch")

#: role -> kind of thing -> level; what is not named here is inherited: of runs and logged models from their experiment,
#: of versions from their model. A run of one's own needs EDIT of the experiment: MLflow knows nothing smaller.
GRANTS: Mapping[str, Mapping[str, str]] = {
    "author": {"experiment": "EDIT", "registered_model": "EDIT"},
    # MANAGE, for a rollback takes an alias away; a version itself can be described and not deleted.
    "reviewer": {
        "experiment": "EDIT",
        "logged_model": "READ",
        "registered_model": "MANAGE",
        "registered_model_version": "EDIT",
    },
    "scorer": {"experiment": "EDIT", "logged_model": "READ", "registered_model": "READ"},
    "reader": {"experiment": "READ", "registered_model": "READ"},
}


class PersonError(PrichalError):
    """A person cannot be given the role as asked."""


def give_role(settings: Settings, name: str, role: str, say: Callable[[str], None], new_password: bool = False) -> None:
    """Make the MLflow user `name` unless there is one, and let the role be all that she or he has.

    Rights that MLflow gave by itself, to who first made an experiment or a registered model, are taken back. The
    password of a new user is said once and kept nowhere.

    Args:
        settings: the MLflow server, and the admin who signs in.
        name: of the user.
        role: author, reviewer, scorer or reader.
        say: told what was done.
        new_password: whether a user who is there gets one too.

    Raises:
        PersonError: name or role cannot be, or MLflow refused.
        ServiceError: MLflow does not answer.
    """
    _refuse_what_cannot_be(name, role)
    check(settings)
    server = _Server(settings)
    roles = {entry: _ensure_role(server, entry) for entry in GRANTS}
    password = _ensure_user(server, name, new_password)
    _assign(server, _user(server, name) or {}, roles, role)
    say(f"user {name} is {role}")
    say(f"password, shown this once: {password}" if password else "the password is as it was")


class _Server:
    """Requests of the admin to MLflow. Its own client for them would bring its whole server along."""

    def __init__(self, settings: Settings) -> None:
        password = settings.tracking_password.get_secret_value() if settings.tracking_password else ""
        self.uri = settings.require_tracking().rstrip("/")
        self.login = (settings.tracking_user or "", password)

    def call(self, method: str, path: str, values: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The answer's content.

        Raises:
            PersonError: MLflow refused.
        """
        place = {"params": values} if method == "GET" else {"json": values}
        address = f"{self.uri}/api/{path}"
        reply = requests.request(method, address, auth=self.login, timeout=60, **place)  # type: ignore[arg-type]
        if not reply.ok:
            raise PersonError(self._why(reply))
        return dict(reply.json()) if reply.content else {}

    def _why(self, reply: requests.Response) -> str:
        if reply.status_code == 403:
            return f"MLflow lets its admin alone make people and {self.login[0]!r} is not: sign in as {ADMIN}."
        if reply.status_code == 404:
            return f"MLflow at {self.uri} asks nobody for a name: switch that on with `PRICHAL_MLFLOW_AUTH=on make up`."
        return f"MLflow refused with HTTP status {reply.status_code}: {reply.text.strip()[:200]}"


def _refuse_what_cannot_be(name: str, role: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}", name) or name in TAKEN:
        raise PersonError(
            f"User name {name!r} cannot be: use up to 63 letters, digits and . _ @ -, and not {' or '.join(TAKEN)}."
        )
    if role not in GRANTS:
        raise PersonError(f"Role {role!r} does not exist: it may be {', '.join(GRANTS)}.")


def _user(server: _Server, name: str) -> dict[str, Any] | None:
    """The user with all roles and their grants; None if there is none."""
    matches = [entry for entry in server.call("GET", "2.0/mlflow/users/list")["users"] if entry["username"] == name]
    return matches[0] if matches else None


def _ensure_role(server: _Server, name: str) -> int:
    """The id of the role, which has exactly its grants."""
    matches = [
        row
        for row in server.call("GET", "3.0/mlflow/roles/list", {"workspace": WORKSPACE})["roles"]
        if row["name"] == name
    ]
    about = {"workspace": WORKSPACE, "name": name, "description": "made by Prichal: docs/access-rights.md"}
    role = matches[0] if matches else server.call("POST", "3.0/mlflow/roles/create", about)["role"]
    wanted = {(kind, "*", level) for kind, level in GRANTS[name].items()}
    for row in role["permissions"]:
        grant = (row["resource_type"], row["resource_pattern"], row["permission"])
        if grant in wanted:
            wanted.remove(grant)
        else:
            server.call("DELETE", "3.0/mlflow/roles/permissions/remove", {"role_permission_id": row["id"]})
    for kind, pattern, level in sorted(wanted):
        grants = {"resource_type": kind, "resource_pattern": pattern, "permission": level}
        server.call("POST", "3.0/mlflow/roles/permissions/add", {"role_id": role["id"], **grants})
    return int(role["id"])


def _ensure_user(server: _Server, name: str, new_password: bool) -> str | None:
    """The password if one was made now."""
    password, there = secrets.token_urlsafe(18), _user(server, name) is not None
    if not there:
        server.call("POST", "2.0/mlflow/users/create", {"username": name, "password": password})
    elif new_password:
        server.call("PATCH", "2.0/mlflow/users/update-password", {"username": name, "password": password})
    return password if new_password or not there else None


def _assign(server: _Server, user: Mapping[str, Any], roles: Mapping[str, int], role: str) -> None:
    """Let the role be the user's only one; what MLflow gave by itself it keeps in a role of the user's own."""
    name, current_roles = user["username"], {entry["id"]: entry for entry in user["roles"]}
    if roles[role] not in current_roles:
        server.call("POST", "3.0/mlflow/roles/assign", {"username": name, "role_id": roles[role]})
    for number in current_roles.keys() & (set(roles.values()) - {roles[role]}):
        server.call("DELETE", "3.0/mlflow/roles/unassign", {"username": name, "role_id": number})
    personal_roles = [entry for entry in current_roles.values() if entry["name"] == f"__user_{user['id']}__"]
    for grant in (grant for entry in personal_roles for grant in entry["permissions"]):
        what = {"resource_type": grant["resource_type"], "resource_id": grant["resource_pattern"]}
        server.call("POST", "3.0/mlflow/users/permissions/revoke", {"username": name, **what})

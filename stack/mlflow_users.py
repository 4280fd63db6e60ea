"""Users of MLflow: roles with least rights, and one role per user (docs/access-rights.md)."""

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
#: actors of the ledger that are no persons: the admin, and the canary.
RESERVED_NAMES = (ADMIN, "watch")

#: role -> kind of resource -> level. Other kinds inherit: runs and logged models from their experiment, versions from
#: their model. Creating a run needs EDIT of the experiment; MLflow has no smaller right.
GRANTS: Mapping[str, Mapping[str, str]] = {
    "author": {"experiment": "EDIT", "registered_model": "EDIT"},
    # MANAGE, because a rollback removes an alias; EDIT of versions allows describing but not deleting them.
    "reviewer": {
        "experiment": "EDIT",
        "logged_model": "READ",
        "registered_model": "MANAGE",
        "registered_model_version": "EDIT",
    },
    "scorer": {"experiment": "EDIT", "logged_model": "READ", "registered_model": "READ"},
    "reader": {"experiment": "READ", "registered_model": "READ"},
}


class UserError(PrichalError):
    """The role cannot be assigned to the user."""


def give_role(settings: Settings, name: str, role: str, say: Callable[[str], None], new_password: bool = False) -> None:
    """Create the MLflow user `name` unless it exists, and make the role its only one.

    Rights that MLflow granted to the creator of an experiment or a registered model are revoked. The password of a new
    user is printed once and stored nowhere.

    Args:
        settings: the MLflow server, and the admin who signs in.
        name: name of the user.
        role: author, reviewer, scorer or reader.
        say: receives lines about the changes.
        new_password: whether an existing user gets a new password.

    Raises:
        UserError: name or role is not allowed, or MLflow refused.
        ServiceError: MLflow does not answer.
    """
    _check_name_and_role(name, role)
    check(settings)
    server = _Server(settings)
    roles = {entry: _ensure_role(server, entry) for entry in GRANTS}
    password = _ensure_user(server, name, new_password)
    _assign(server, _user(server, name) or {}, roles, role)
    say(f"user {name} is {role}")
    say(f"password, shown only once: {password}" if password else "the password has not changed")


class _Server:
    """Requests of the admin to MLflow. MLflow's own client for them would import its whole server."""

    def __init__(self, settings: Settings) -> None:
        password = settings.tracking_password.get_secret_value() if settings.tracking_password else ""
        self.uri = settings.require_tracking().rstrip("/")
        self.login = (settings.tracking_user or "", password)

    def call(self, method: str, path: str, values: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The content of the reply.

        Raises:
            UserError: MLflow refused.
        """
        content = {"params": values} if method == "GET" else {"json": values}
        address = f"{self.uri}/api/{path}"
        reply = requests.request(method, address, auth=self.login, timeout=60, **content)  # type: ignore[arg-type]
        if not reply.ok:
            raise UserError(self._refusal(reply))
        return dict(reply.json()) if reply.content else {}

    def _refusal(self, reply: requests.Response) -> str:
        if reply.status_code == 403:
            return f"Only the admin may create users in MLflow, not {self.login[0]!r}: sign in as {ADMIN}."
        if reply.status_code == 404:
            return f"MLflow at {self.uri} has no log-in: switch it on with `PRICHAL_MLFLOW_AUTH=on make up`."
        return f"MLflow refused with HTTP status {reply.status_code}: {reply.text.strip()[:200]}"


def _check_name_and_role(name: str, role: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}", name) or name in RESERVED_NAMES:
        raise UserError(
            f"User name {name!r} is not allowed: use at most 63 letters, digits and . _ @ -, but not "
            f"{' or '.join(RESERVED_NAMES)}."
        )
    if role not in GRANTS:
        raise UserError(f"Role {role!r} does not exist: use {', '.join(GRANTS)}.")


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
    """The new password; None if it did not change."""
    password, exists = secrets.token_urlsafe(18), _user(server, name) is not None
    if not exists:
        server.call("POST", "2.0/mlflow/users/create", {"username": name, "password": password})
    elif new_password:
        server.call("PATCH", "2.0/mlflow/users/update-password", {"username": name, "password": password})
    return password if new_password or not exists else None


def _assign(server: _Server, user: Mapping[str, Any], roles: Mapping[str, int], role: str) -> None:
    """Make the role the user's only one; MLflow keeps the rights of a creator in a personal role of the user."""
    name, current_roles = user["username"], {entry["id"]: entry for entry in user["roles"]}
    if roles[role] not in current_roles:
        server.call("POST", "3.0/mlflow/roles/assign", {"username": name, "role_id": roles[role]})
    for number in current_roles.keys() & (set(roles.values()) - {roles[role]}):
        server.call("DELETE", "3.0/mlflow/roles/unassign", {"username": name, "role_id": number})
    personal_roles = [entry for entry in current_roles.values() if entry["name"] == f"__user_{user['id']}__"]
    for grant in (grant for entry in personal_roles for grant in entry["permissions"]):
        resource = {"resource_type": grant["resource_type"], "resource_id": grant["resource_pattern"]}
        server.call("POST", "3.0/mlflow/users/permissions/revoke", {"username": name, **resource})

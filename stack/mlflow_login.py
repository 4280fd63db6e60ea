"""MLflow's own log-in: configuration and options of a server that requires it.

`python -m stack.mlflow_login mlflow server ...` runs that command, with the log-in if PRICHAL_MLFLOW_AUTH is `on`;
the container uses this.
"""

import configparser
import io
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from stack.errors import PrichalError, SettingError
from stack.folders.atomic import replace_text
from stack.settings import VARIABLES, child_environment, variable

#: name of MLflow's application with the log-in; it is on the command line of its server.
APP = "basic-auth"
#: the account of the machine's owner, with all rights.
ADMIN = "admin"
#: the database of names, hashed passwords and roles.
DATABASE = "mlflow_auth"

#: Users without a role have no rights. A password is checked once a minute, not on each request: hashing takes longer
#: than most requests.
CONFIG = {"default_permission": "NO_PERMISSIONS", "admin_username": ADMIN, "auth_cache_ttl_seconds": "60"}


@dataclass(frozen=True)
class Login:
    """The configuration of a server that requires a log-in.

    Attributes:
        config: MLflow's configuration file; it contains passwords, so only its owner may read it.
        password: password of the admin, set at the first start.
        key: key that signs the forms of MLflow's pages.
    """

    config: Path
    password: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def options(self) -> tuple[str, ...]:
        """Options of the command line."""
        return ("--app-name", APP)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the server's environment."""
        return {"MLFLOW_AUTH_CONFIG_PATH": str(self.config), "MLFLOW_FLASK_SERVER_SECRET_KEY": self.key}

    def write(self, database_url: str) -> None:
        """Write the configuration; `database_url` is the database of names and roles."""
        url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
        values = {**CONFIG, "database_uri": url, "admin_password": self.password}
        parser, text = configparser.ConfigParser(), io.StringIO()
        parser["mlflow"] = {name: value.replace("%", "%%") for name, value in values.items()}
        parser.write(text)
        replace_text(self.config, text.getvalue(), mode=0o600)


def main(command: list[str]) -> int:
    """Replace this process by `command`; returns 2 and prints one sentence if a setting is missing."""
    environment: dict[str, str] = {}
    try:
        if variable(VARIABLES["mlflow_auth"]) == "on":
            folder = Path(tempfile.mkdtemp(prefix="prichal-login-"))
            login = Login(
                folder / "auth.ini", _require_variable("MLFLOW_ADMIN_PASSWORD"), _require_variable("MLFLOW_FORMS_KEY")
            )
            login.write(_require_variable("MLFLOW_AUTH_DATABASE_URI"))
            command, environment = [*command, *login.options], login.environment
    except PrichalError as error:
        sys.stderr.write(f"prichal: {error}\n")
        return 2
    os.execvpe(command[0], command, child_environment(environment))  # noqa: S606
    return 0


def _require_variable(name: str) -> str:
    value = variable(name)
    if value is None:
        raise SettingError(f"{name} is not set, and PRICHAL_MLFLOW_AUTH=on needs it: see docs/access-rights.md.")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

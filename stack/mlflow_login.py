"""MLflow's own log-in: what its server needs so that it asks who is there.

`python -m stack.mlflow_login mlflow server ...` runs that command, with the log-in where PRICHAL_MLFLOW_AUTH is `on`; a
container starts so.
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

#: name of MLflow's application that asks; it is on the command line of a server that does.
APP = "basic-auth"
#: who may do everything: the machine's owner.
ADMIN = "admin"
#: where names, hashed passwords and roles are kept.
DATABASE = "mlflow_auth"

#: Who has no role sees nothing. A password is checked once a minute and not on each request: hashing takes longer than
#: most answers.
CONFIG = {"default_permission": "NO_PERMISSIONS", "admin_username": ADMIN, "auth_cache_ttl_seconds": "60"}


@dataclass(frozen=True)
class Login:
    """What a server that asks is started with.

    Attributes:
        config: MLflow's configuration file; it holds passwords, so its owner alone may read it.
        password: of the admin, from the first start on.
        key: signs the forms of MLflow's own pages.
    """

    config: Path
    password: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def options(self) -> tuple[str, ...]:
        """On the command line."""
        return ("--app-name", APP)

    @property
    def environment(self) -> dict[str, str]:
        """In the server's environment."""
        return {"MLFLOW_AUTH_CONFIG_PATH": str(self.config), "MLFLOW_FLASK_SERVER_SECRET_KEY": self.key}

    def write(self, database_url: str) -> None:
        """Write the configuration; `database_url` is where names and roles are kept."""
        url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
        values = {**CONFIG, "database_uri": url, "admin_password": self.password}
        parser, text = configparser.ConfigParser(), io.StringIO()
        parser["mlflow"] = {name: value.replace("%", "%%") for name, value in values.items()}
        parser.write(text)
        replace_text(self.config, text.getvalue(), mode=0o600)


def main(command: list[str]) -> int:
    """Become `command`; 2 and one sentence if a setting is missing."""
    environment: dict[str, str] = {}
    try:
        if variable(VARIABLES["mlflow_auth"]) == "on":
            folder = Path(tempfile.mkdtemp(prefix="prichal-login-"))
            login = Login(folder / "auth.ini", _needed("MLFLOW_ADMIN_PASSWORD"), _needed("MLFLOW_FORMS_KEY"))
            login.write(_needed("MLFLOW_AUTH_DATABASE_URI"))
            command, environment = [*command, *login.options], login.environment
    except PrichalError as error:
        sys.stderr.write(f"prichal: {error}\n")
        return 2
    os.execvpe(command[0], command, child_environment(environment))  # noqa: S606
    return 0


def _needed(name: str) -> str:
    value = variable(name)
    if value is None:
        raise SettingError(f"{name} is not set, and PRICHAL_MLFLOW_AUTH=on needs it: see docs/access-rights.md.")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

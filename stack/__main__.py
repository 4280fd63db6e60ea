"""The services of this clone, and the users of its MLflow.

`python -m stack up | down | check | java` starts, stops or checks the services; `migrate` applies the missing
migrations to a database that is elsewhere; `user NAME ROLE` says who may use MLflow.
"""

import argparse
import sys
from collections.abc import Callable

from stack import services
from stack.engines.spark_session import check_java
from stack.errors import PrichalError
from stack.folders.private import make_private
from stack.mlflow_users import give_role
from stack.settings import Settings

ACTS: dict[str, Callable[[Settings], object]] = {
    "up": lambda settings: services.up(settings, _say),
    "down": lambda settings: services.down(settings, _say),
    "check": services.check,
    "migrate": services.migrate,
    "java": lambda settings: check_java(settings.java_home),
}


def main() -> int:
    """Do what was asked; 0, or 2 with one sentence."""
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    for act in ACTS:
        acts.add_parser(act)
    person = acts.add_parser("user")
    person.add_argument("name")
    person.add_argument("role")
    person.add_argument("--new-password", action="store_true")
    given = parser.parse_args()
    try:
        settings = Settings.load()
        make_private(settings)
        if given.act == "user":
            _give_role(settings, given.name, given.role, given.new_password)
        else:
            ACTS[given.act](settings)
    except PrichalError as error:
        sys.stderr.write(f"prichal: {error}\n")
        return 2
    return 0


def _give_role(settings: Settings, name: str, role: str, new_password: bool) -> None:
    give_role(settings, name, role, _say, new_password)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

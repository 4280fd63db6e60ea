"""The services of this clone, and the users of its MLflow.

`python -m stack up | down | check | java` starts, stops or checks the services; `migrate` applies the missing
migrations to an external database; `user NAME ROLE` gives a user a role in MLflow; `backup FOLDER` and `restore FOLDER`
copy the whole state.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from stack import services
from stack.engines.spark_session import check_java
from stack.errors import PrichalError
from stack.folders.backup import back_up, restore
from stack.folders.private import make_private
from stack.mlflow_users import give_role
from stack.settings import Settings

COMMANDS: dict[str, Callable[[Settings], object]] = {
    "up": lambda settings: services.up(settings, _say),
    "down": lambda settings: services.down(settings, _say),
    "check": services.check,
    "migrate": services.migrate,
    "java": lambda settings: check_java(settings.java_home),
}
#: commands that copy the whole state to a folder or from it.
COPIES: dict[str, Callable[[Settings, Path, Callable[[str], None]], object]] = {"backup": back_up, "restore": restore}


def main() -> int:
    """Run the command; returns 0, or 2 and prints one sentence."""
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        commands.add_parser(command)
    user = commands.add_parser("user")
    user.add_argument("name")
    user.add_argument("role")
    user.add_argument("--new-password", action="store_true")
    for command in COPIES:
        commands.add_parser(command).add_argument("folder", type=Path)
    arguments = parser.parse_args()
    try:
        settings = Settings.load()
        make_private(settings)
        if arguments.command == "user":
            _give_role(settings, arguments.name, arguments.role, arguments.new_password)
        elif arguments.command in COPIES:
            COPIES[arguments.command](settings, arguments.folder, _say)
        else:
            COMMANDS[arguments.command](settings)
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

"""`python -m stack up | down | check | java`: the services of this clone."""

import argparse
import sys

from stack import services
from stack.errors import PrichalError
from stack.settings import Settings
from stack.spark import check_java


def main() -> int:
    """Do what was asked; 0, or 2 with one sentence."""
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    parser.add_argument("act", choices=["up", "down", "check", "java"])
    act = parser.parse_args().act
    try:
        settings = Settings.load()
        if act == "up":
            services.up(settings, _say)
        elif act == "down":
            services.down(settings, _say)
        elif act == "check":
            services.check(settings)
        else:
            check_java(settings.java_home)
    except PrichalError as error:
        sys.stderr.write(f"prichal: {error}\n")
        return 2
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

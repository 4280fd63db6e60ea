"""`make docs`: the data dictionary of a project, with figures measured on its snapshots."""

import argparse
import sys

from jobs.runtime.context import Context
from jobs.runtime.data_dictionary import write_dictionary
from stack.errors import PrichalError


def main() -> int:
    """Write the page of the project on the command line; 0, or 2 after one sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", default="churn")
    try:
        write_dictionary(Context.of(parser.parse_args().project))
    except PrichalError as error:
        sys.stderr.write(f"prichal: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

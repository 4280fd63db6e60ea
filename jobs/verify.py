"""`mlflow run . -e verify`: is the ledger what was written?"""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from registry import verify as look
from registry.ledger.verify import summary
from stack.errors import PrichalError


class LedgerError(PrichalError):
    """The ledger is not what was written."""


def verify(context: Context) -> None:
    """Recompute the ledger's hashes and name the rows that were tampered with, are missing or out of order."""
    url = context.settings.require_database()
    found = look(url, [population.model for population in context.project.populations])
    for problem in found:
        context.say(f"verify · {problem}")
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise LedgerError(f"The ledger ops.promotions is not what was written: {found[0].rstrip('.')}{more}.")
    context.say(f"verify · {summary(url)}")


if __name__ == "__main__":
    sys.exit(run(verify))

"""`mlflow run . -e verify`: compare the ledger with its hashes, and with MLflow's tags and aliases."""

import sys

from jobs.runtime.actions.response_models import model_names
from jobs.runtime.command import run
from jobs.runtime.context import Context
from registry.ledger.verify import require_valid, summary


def verify(context: Context) -> None:
    """Recompute the ledger's hashes and print the rows that were changed, are missing or out of order."""
    url = context.settings.require_database()
    models = model_names(context, "all")
    require_valid(url, models, lambda problem: context.say(f"verify · {problem}"))
    context.say(f"verify · {summary(url)}")


if __name__ == "__main__":
    sys.exit(run(verify))

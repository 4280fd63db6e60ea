"""`mlflow run . -e history`: the decisions on the project's models, with author, time and reason."""

import sys

from rich.console import Console

from jobs.runtime.actions.response_models import model_names
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import PopulationName
from registry import history as read_history
from registry.ledger.history_table import history_table

#: characters of a line.
WIDTH = 140


def history(context: Context, population: PopulationName = "all") -> None:
    """Print the ledger's rows of the project's models, the oldest first."""
    models = model_names(context, population)
    rows = read_history(context.settings.require_database(), models)
    if not rows:
        context.say(f"history · the ledger has no row of {', '.join(models)} yet")
    else:
        Console(file=sys.stdout, width=WIDTH, highlight=False).print(history_table(rows))


if __name__ == "__main__":
    sys.exit(run(history))

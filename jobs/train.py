"""`mlflow run . -e train`: search, evaluate, log, register a challenger with its evidence."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf, PopulationName, Trials
from jobs.runtime.training import train_populations
from training import Trained


def train(
    context: Context, population: PopulationName = "all", as_of: AsOf = "latest", trials: Trials = "declared"
) -> list[Trained]:
    """Train each population's candidates on the data known at a date, and register the best one as challenger."""
    return train_populations(context, population, as_of, trials)


if __name__ == "__main__":
    sys.exit(run(train))

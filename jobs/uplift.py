"""`mlflow run . -e uplift`: whom an action keeps, learnt from randomised assignments."""

import sys

from actions.uplift.train import UpliftOutcome
from jobs.runtime.actions.learning import learn_uplift
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf, ExperimentData


def uplift(context: Context, as_of: AsOf = "latest", data: ExperimentData = "declared") -> UpliftOutcome:
    """Learn each action's effect on each person from randomised assignments; register it if it can be used."""
    return learn_uplift(context, as_of, data)


if __name__ == "__main__":
    sys.exit(run(uplift))

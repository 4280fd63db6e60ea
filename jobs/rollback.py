"""`mlflow run . -e rollback`: the previous version goes back into production."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.decisions import roll_back
from jobs.runtime.parameters import PopulationName, Reason
from registry import PromotionOutcome


def rollback(context: Context, population: PopulationName = "all", reason: Reason = "") -> list[PromotionOutcome]:
    """Withdraw the version in production and put the previous one back; print the dates to score again."""
    return roll_back(context, population, reason)


if __name__ == "__main__":
    sys.exit(run(rollback))

"""`mlflow run . -e approve`: a reviewer puts the versions with an open review into production."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.decisions import approve_versions
from jobs.runtime.parameters import PopulationName, Reason, ReviewerName
from registry import PromotionOutcome


def approve(
    context: Context, population: PopulationName = "all", name: ReviewerName = "", reason: Reason = ""
) -> list[PromotionOutcome]:
    """Approve the open reviews and put their versions into production; the reviewer must not be the author."""
    return approve_versions(context, population, name, reason)


if __name__ == "__main__":
    sys.exit(run(approve))

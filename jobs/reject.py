"""`mlflow run . -e reject`: a reviewer rejects the versions with an open review."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.decisions import reject_versions
from jobs.runtime.parameters import PopulationName, Reason, ReviewerName
from registry import PromotionOutcome


def reject(
    context: Context, population: PopulationName = "all", name: ReviewerName = "", reason: Reason = ""
) -> list[PromotionOutcome]:
    """Reject the open reviews; their versions are not proposed again."""
    return reject_versions(context, population, name, reason)


if __name__ == "__main__":
    sys.exit(run(reject))

"""`mlflow run . -e score`: the Spark UDF of the version in production, then the mart."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.daily_scores import ScoredDay, score_and_publish
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step


def score(context: Context, as_of: AsOf = "latest") -> ScoredDay:
    """Score every population at a date and publish the day in one transaction; a broken new version is rolled back."""
    with step(context, "score", {"as_of": as_of}) as record:
        return score_and_publish(context, as_of, record)


if __name__ == "__main__":
    sys.exit(run(score))

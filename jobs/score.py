"""`mlflow run . -e score`: the Spark UDF of the version in production, then the mart, for a date or a range."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.daily_scores import ScoredDay, score_and_publish
from jobs.runtime.parameters import AsOfOrRange
from jobs.runtime.run_log import step


def score(context: Context, as_of: AsOfOrRange = "latest") -> ScoredDay:
    """Score every population at each date and publish each in one transaction; a broken new version is rolled back.

    Each date of a range is a run of its own, nested in the run of the range; the last one is returned.
    """
    with step(context, "score", {"as_of": as_of}) as record:
        if ".." not in as_of:
            return score_and_publish(context, as_of, record)
        dates = context.dates_to_score(as_of)
        context.snapshots.build(context.engine, dates)  # all of them in one pass
        scored = [_score_nested(context, day.isoformat()) for day in dates]
        record.rows_out = sum(day.rows for day in scored)
    return scored[-1]


def _score_nested(context: Context, as_of: str) -> ScoredDay:
    with step(context, "score", {"as_of": as_of}) as record:
        return score_and_publish(context, as_of, record)


if __name__ == "__main__":
    sys.exit(run(score))

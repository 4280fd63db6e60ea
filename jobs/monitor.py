"""`mlflow run . -e monitor`: drift, quality of matured scores, skew, alerts."""

import sys
from functools import partial

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step
from monitoring import Monitor, MonitoringResult
from serving import FeatureLog


def monitor(context: Context, as_of: AsOf = "latest") -> MonitoringResult:
    """Compare today's features with those of the gate's evidence, and matured scores with their labels."""
    project, settings = context.project, context.settings
    with step(context, "monitor", {"as_of": as_of}) as record:
        day, feature_log = context.day(as_of), FeatureLog(settings.lake, project.name)
        url, lowest_auc = settings.require_database(), project.policy.lowest_auc
        grid, mart = partial(context.grid, day), project.mart
        result = Monitor(
            context.snapshots, context.engine, day, grid, mart, feature_log, url, lowest_auc, context.say
        ).run()
        record.rows_in, record.rows_out = sum(quality.rows for quality in result.quality), len(result.quality)
    return result


if __name__ == "__main__":
    sys.exit(run(monitor))

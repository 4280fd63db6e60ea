"""`mlflow run . -e lift`: what every campaign changed, against its control groups."""

import sys

from actions.lift.campaign_lift import CampaignLift, LiftResult
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step


def lift(context: Context, as_of: AsOf = "latest") -> LiftResult:
    """Measure the retention of treated people against control, and write `mart.campaign_lift`."""
    project = context.project
    with step(context, "lift", {"as_of": as_of}) as record:
        plan, day, url = project.action_plan, context.day(as_of), context.settings.require_database()
        result = CampaignLift(plan, context.snapshots, context.engine, day, project.mart, url, context.say).run()
        record.rows_in, record.rows_out = result.people, len(result.rows)
    return result


if __name__ == "__main__":
    sys.exit(run(lift))

"""`mlflow run . -e assign`: the people of the day's campaign, drawn into groups."""

import sys

import mlflow

from actions.design.campaign import OpenedCampaign, open_campaign
from jobs.runtime.actions.delivery import update_reactions
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step


def assign(context: Context, as_of: AsOf = "latest") -> OpenedCampaign:
    """Assign the people of the day's campaign to groups, once: a second run of the day changes nothing."""
    with step(context, "assign", {"as_of": as_of}) as record:
        plan, day, snapshots = context.project.action_plan, context.day(as_of), context.snapshots
        update_reactions(context, "assign")  # who unsubscribed since the last step is not eligible
        record.rows_in = snapshots.build(context.engine, [day]).rows[day]
        opened = open_campaign(plan, snapshots, day, context.project.mart, context.settings.require_database())
        record.inputs, record.rows_out = {"snapshot": snapshots.digest(day)}, opened.rows
        mlflow.log_dict(dict(opened.design or {}), "campaign.json")
        mlflow.set_tag("prichal.campaign", opened.sentence)
    context.say(f"assign · {opened.sentence}")
    return opened


if __name__ == "__main__":
    sys.exit(run(assign))

"""`mlflow run . -e target`: the day's plan, who gets which action within budget and capacities."""

import sys

from actions.policy.target import TargetedDay
from jobs.runtime.actions.target import log_plan, plan_and_publish
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step


def target(context: Context, as_of: AsOf = "latest") -> TargetedDay:
    """Plan the actions of the day's campaign and publish them; a second run of the day replaces the plan."""
    with step(context, "target", {"as_of": as_of}) as record:
        targeted = plan_and_publish(context, as_of, record)
        log_plan(targeted)
    context.say(f"target · {targeted.sentence}")
    return targeted


if __name__ == "__main__":
    sys.exit(run(target))

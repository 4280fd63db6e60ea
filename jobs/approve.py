"""`mlflow run . -e approve`: a person lets what waits for a review into production."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.notifications import describe, tell_person, tell_program
from jobs.runtime.parameters import PopulationName, Reason, ReviewerName
from jobs.runtime.run_log import step
from registry import PromotionOutcome
from registry import approve as move
from stack.settings import reviewer, user


def approve(
    context: Context, population: PopulationName = "all", name: ReviewerName = "", reason: Reason = ""
) -> list[PromotionOutcome]:
    """Approve the open reviews: by somebody who is not the author, and says why."""
    models = [one.model for one in context.project.choose(population)]
    with step(context, "approve", {"population": population, "name": name, "reason": reason}) as record:
        url, policy = context.settings.require_database(), context.project.policy
        done = move(url, models, policy, reviewer(name), reason, user())
        for moved in done:
            context.say(f"approve · {describe(moved)}")
            tell_person(moved, name, reason)
        tell_program(context, *done)
        record.inputs = {one.model: {"version": one.version, "replaced": one.replaced} for one in done}
    return done


if __name__ == "__main__":
    sys.exit(run(approve))

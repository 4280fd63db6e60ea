"""`mlflow run . -e reject`: a person ends a review, and the version is not proposed again."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.notifications import describe, tell_person, tell_program
from jobs.runtime.parameters import PopulationName, Reason, ReviewerName
from jobs.runtime.run_log import step
from registry import PromotionOutcome
from registry import reject as move
from stack.settings import reviewer, user


def reject(
    context: Context, population: PopulationName = "all", name: ReviewerName = "", reason: Reason = ""
) -> list[PromotionOutcome]:
    """Reject the open reviews, by somebody who says why."""
    models = [one.model for one in context.project.choose(population)]
    with step(context, "reject", {"population": population, "name": name, "reason": reason}) as record:
        done = move(context.settings.require_database(), models, reviewer(name), reason, user())
        for moved in done:
            context.say(f"reject · {describe(moved)}")
            tell_person(moved, name, reason)
        tell_program(context, *done)
        record.inputs = {one.model: {"version": one.version, "replaced": one.replaced} for one in done}
    return done


if __name__ == "__main__":
    sys.exit(run(reject))

"""`mlflow run . -e rollback`: `production` back to `previous`."""

import sys
from functools import partial

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.notifications import describe, tell_person, tell_program
from jobs.runtime.parameters import PopulationName, Reason
from jobs.runtime.run_log import step
from registry import PromotionOutcome
from registry import rollback as move
from serving import dates_of
from stack.settings import user


def rollback(context: Context, population: PopulationName = "all", reason: Reason = "") -> list[PromotionOutcome]:
    """Withdraw the version in production and bring back the one before it; says which dates it had scored."""
    done, url = [], context.settings.require_database()
    with step(context, "rollback", {"population": population, "reason": reason}) as record:
        for one in context.project.choose(population):
            produced = partial(dates_of, url, context.project.mart, one.model)
            moved = move(url, one.model, user(), reason, produced)
            context.say(f"rollback · {describe(moved)}")
            tell_person(moved, user(), moved.reason)
            tell_program(context, moved)
            done.append(moved)
        record.inputs = {
            one.model: {"version": one.version, "withdrawn": one.replaced, "dates": [str(day) for day in one.dates]}
            for one in done
        }
    return done


if __name__ == "__main__":
    sys.exit(run(rollback))

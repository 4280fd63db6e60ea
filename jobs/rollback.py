"""`mlflow run . -e rollback`: `production` back to `previous`."""

import sys

from jobs.command import run
from jobs.context import Context
from jobs.journal import step
from jobs.promote import describe
from registry import Moved
from registry import rollback as move
from stack.settings import user


def rollback(context: Context, population: str = "all", reason: str = "none given") -> list[Moved]:
    """Withdraw the version in production and bring back the one before it."""
    done = []
    with step(context, "rollback", {"population": population, "reason": reason}) as entry:
        for one in context.project.choose(population):
            moved = move(context.settings.require_database(), one.model, user(), reason)
            context.say(f"rollback · {describe(moved)}")
            done.append(moved)
        entry.inputs = {moved.model: {"version": moved.version, "withdrawn": moved.replaced} for moved in done}
    return done


if __name__ == "__main__":
    sys.exit(run("rollback", rollback, {"project": "churn", "population": "all", "reason": "none given"}))

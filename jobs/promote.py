"""`mlflow run . -e promote`: the gate."""

import sys

import mlflow

from jobs.command import run
from jobs.context import Context
from jobs.journal import step
from registry import Decision, Moved
from registry import promote as move
from stack.errors import PrichalError
from stack.settings import user


class ModeError(PrichalError):
    """A mode of promotion that does not exist."""


class RefusedError(PrichalError):
    """The gate refused every challenger it was asked about."""


def promote(context: Context, population: str = "all", mode: str = "auto") -> list[Moved]:
    """Let the challenger into production if its evidence passes the gate, or say why not."""
    if mode != "auto":
        raise ModeError(f"mode {mode!r} does not exist: it may be auto, where the gate decides alone.")
    done = []
    with step(context, "promote", {"population": population, "mode": mode}) as entry:
        for one in context.project.choose(population):
            moved = move(context.settings.require_database(), one.model, context.project.policy, user())
            context.say(f"promote · {describe(moved)}")
            if moved.decision is not None:
                _tell_failures(context, moved.decision)
                mlflow.log_dict(moved.decision.json(), f"decision_{one.model}.json")
                mlflow.set_tag(f"prichal.decision.{one.model}", moved.act)
            done.append(moved)
        entry.inputs = {moved.model: {"challenger": moved.version, "act": moved.act} for moved in done}
    return done


def _tell_failures(context: Context, decision: Decision) -> None:
    for check in decision.checks:
        if not check.passed:
            context.say(f"promote · NO  {check.sentence}")


def alone(context: Context, population: str, mode: str) -> None:
    """As `promote`, and fail if a challenger was refused, so that a scheduler notices."""
    refused = [moved for moved in promote(context, population, mode) if moved.act == "refuse"]
    if refused:
        why = " ".join(reason for moved in refused if moved.decision for reason in moved.decision.reasons)
        raise RefusedError(f"The gate refused {', '.join(f'{m.model} version {m.version}' for m in refused)}. {why}")


def describe(moved: Moved) -> str:
    """One line on what became of a challenger."""
    before = f"version {moved.replaced}" if moved.replaced else None
    said = {
        "promote": f"version {moved.version} is in production, it replaced {before or 'nothing'}",
        "keep": f"version {moved.version} stays in production",
        "refuse": f"version {moved.version} refused; production stays {before or 'empty'}",
        "rollback": f"version {moved.version} is back in production, {before} is withdrawn",
    }
    return f"{moved.model}: {said[moved.act]}"


if __name__ == "__main__":
    sys.exit(run("promote", alone, {"project": "churn", "population": "all", "mode": "auto"}))

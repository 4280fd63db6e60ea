"""`mlflow run . -e promote`: the gate."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mlflow

from features import Population
from jobs.command import run
from jobs.context import Context
from jobs.journal import step
from jobs.measure import measure
from registry import Moved, Standing, check_how
from registry import promote as move
from stack.errors import PrichalError
from stack.settings import user

#: nothing was wrong with what ended so.
FINE = {"promote", "keep", "review"}


class RefusedError(PrichalError):
    """A challenger was refused, could not be judged to the end, or is missing."""


def promote(context: Context, population: str = "all", mode: str = "auto", release: str = "each") -> list[Moved]:
    """Let the challengers into production if they pass the gate, or say why not."""
    check_how(mode, release)
    chosen = context.project.choose(population)
    with step(context, "promote", {"population": population, "mode": mode, "release": release}) as entry:
        done = move(
            context.settings.require_database(), [one.model for one in chosen], context.project.policy, user(),
            measure=_measure(context, chosen), mode=mode, release=release,
        )  # fmt: skip
        for moved in done:
            _tell(context, moved)
        entry.inputs = {one.model: {"challenger": one.version, "act": one.act, "rows": list(one.rows)} for one in done}
    return done


def _measure(context: Context, chosen: Sequence[Population]) -> Callable[[Standing], Mapping[str, Any]]:
    by_model = {one.model: measure(context, one) for one in chosen}
    return lambda standing: by_model[standing.challenger.model](standing)


def _tell(context: Context, moved: Moved) -> None:
    context.say(f"promote · {describe(moved)}")
    mlflow.set_tag(f"prichal.decision.{moved.model}", moved.act)
    if moved.decision is None:
        return
    for check in moved.decision.checks:
        if not check.passed:
            context.say(f"promote · NO  {check.sentence}")
    mlflow.log_dict(moved.decision.json(), f"decision_{moved.model}.json")
    if moved.measured is not None:
        mlflow.log_dict(dict(moved.measured), f"measured_{moved.model}.json")


def alone(context: Context, population: str, mode: str, release: str) -> None:
    """As `promote`, and fail if a challenger was refused, so that a scheduler notices."""
    failed = [moved for moved in promote(context, population, mode, release) if moved.act not in FINE]
    if failed:
        raise RefusedError(" ".join(_why(moved) for moved in failed))


def _why(moved: Moved) -> str:
    if moved.act == "refuse":
        return f"The gate refused {moved.model} version {moved.version}. {moved.reason}"
    return moved.reason


def describe(moved: Moved) -> str:
    """One line on what became of a version."""
    before = f"version {moved.replaced}" if moved.replaced else None
    said = {
        "promote": f"version {moved.version} is in production, it replaced {before or 'nothing'}",
        "keep": f"version {moved.version} stays in production",
        "refuse": f"version {moved.version} refused; production stays {before or 'empty'}",
        "review": f"version {moved.version} waits for a review; production stays {before or 'empty'}",
        "reject": f"version {moved.version} rejected; production stays {before or 'empty'}",
        "void": f"version {moved.version} was judged beside what has changed since; nothing was moved",
        "absent": f"no version is proposed; production stays {before or 'empty'}",
        "rollback": f"version {moved.version} is back in production, {before} is withdrawn{_scored(moved)}",
    }
    return f"{moved.model}: {said[moved.act]}"


def _scored(moved: Moved) -> str:
    """The dates that a withdrawn version scored."""
    if not moved.dates:
        return "; it had scored no date"
    return f"; it had scored {', '.join(day.isoformat() for day in moved.dates)}: score them again"


if __name__ == "__main__":
    sys.exit(run("promote", alone, {"project": "churn", "population": "all", "mode": "auto", "release": "each"}))

"""`mlflow run . -e promote`: the gate."""

import sys

import mlflow

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.notifications import describe, tell_program, tell_review
from jobs.runtime.promotion_measurements import Measuring
from jobs.runtime.run_log import step
from registry import PromotionOutcome, require_mode_and_release
from registry import promote as move
from stack.errors import PrichalError
from stack.settings import user

#: nothing was wrong with what ended so.
FINE = {"promote", "keep", "review"}


class RefusedError(PrichalError):
    """A challenger was refused, could not be judged to the end, or is missing."""


def promote(
    context: Context, population: str = "all", mode: str = "auto", release: str = "each"
) -> list[PromotionOutcome]:
    """Let the challengers into production if they pass the gate, or say why not."""
    require_mode_and_release(mode, release)
    chosen = context.project.choose(population)
    with step(context, "promote", {"population": population, "mode": mode, "release": release}) as entry:
        measuring = {one.model: Measuring(context, one) for one in chosen}
        done = move(
            context.settings.require_database(), list(measuring), context.project.policy, user(),
            measure=lambda contenders: measuring[contenders.challenger.model](contenders), mode=mode, release=release,
        )  # fmt: skip
        together = release == "together" and sum(moved.act == "review" for moved in done) > 1
        for moved in done:
            _tell(context, moved)
            tell_review(moved, measuring[moved.model], context.project.policy.margin_of(moved.model), together)
        tell_program(context, *done)
        entry.inputs = {one.model: {"challenger": one.version, "act": one.act, "rows": list(one.rows)} for one in done}
    return done


def _tell(context: Context, moved: PromotionOutcome) -> None:
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


def _why(moved: PromotionOutcome) -> str:
    if moved.act == "refuse":
        return f"The gate refused {moved.model} version {moved.version}. {moved.reason}"
    return moved.reason


if __name__ == "__main__":
    sys.exit(run("promote", alone, {"project": "churn", "population": "all", "mode": "auto", "release": "each"}))

"""`mlflow run . -e train`: search, evaluate, log, register a challenger with its evidence."""

import sys
from dataclasses import replace

import mlflow

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf, PopulationName, Trials
from jobs.runtime.run_log import step
from stack.errors import PrichalError
from stack.settings import ROOT, user
from training import Trained, TrainingPlan, code_hash
from training import train as fit

#: the rooms whose code decides what a model is.
ROOMS = ("stack/engines", "lake", "features", "training")
#: parameter sets, or minutes, of one search.
MOST = 1000


class TrialsError(PrichalError):
    """The budget of the search is neither a number of sets nor of minutes."""


def train(
    context: Context, population: PopulationName = "all", as_of: AsOf = "latest", trials: Trials = "declared"
) -> list[Trained]:
    """Train each population's candidates with what was known on a date, and register the best as challenger."""
    plan, populations = _plan(context.project.training, trials), context.project.choose(population)
    done = []
    with step(context, "train", {"population": population, "as_of": as_of, "trials": trials}) as record:
        day = context.day(as_of)
        snapshots, dates = context.snapshots, context.grid(day)
        built = snapshots.build(context.engine, dates)
        code = code_hash(ROOT, [*ROOMS, f"projects/{context.project.name}"])
        for one in populations:
            tags = {"prichal.kind": "training", "prichal.author": user()}
            with mlflow.start_run(run_name=f"{one.name} · training", nested=True, tags=tags):
                done.append(fit(snapshots, one, plan, dates, until=day, code=code, say=context.say))
        record.inputs = {"snapshots": {str(date): snapshots.digest(date) for date in dates}, "code": code}
        record.rows_in = sum(built.rows.values())
    return done


def _plan(declared: TrainingPlan, trials: str) -> TrainingPlan:
    if trials == "declared":
        return declared
    number, minutes = trials.removesuffix("min"), trials.endswith("min")
    if not number.isdecimal() or not minutes <= int(number) <= MOST:
        raise TrialsError(
            f"trials {trials!r} is not a budget of the search: give a number of parameter sets, 0 to {MOST}, or "
            f"minutes, such as 15min, or declared ({declared.trials})."
        )
    if minutes:
        return replace(declared, trials=MOST, minutes=float(number))
    return replace(declared, trials=int(number), minutes=None)


if __name__ == "__main__":
    sys.exit(run(train))

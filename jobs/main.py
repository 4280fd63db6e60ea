"""`mlflow run .`: every step in order, in one process, as nested runs, with a summary at the end."""

import sys

import mlflow

from jobs.assign import assign
from jobs.deliver import deliver
from jobs.features import features
from jobs.feedback import feedback
from jobs.ingest import ingest
from jobs.lift import lift
from jobs.monitor import monitor
from jobs.rollups import rollups
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf, Mode, Release, Trials
from jobs.runtime.promotion import promote_challengers
from jobs.runtime.run_log import step
from jobs.runtime.run_summary import run_summary
from jobs.sample import sample
from jobs.score import score
from jobs.target import target
from jobs.train import train
from jobs.uplift import uplift
from registry import require_mode_and_release
from stack.errors import PrichalError


def main(
    context: Context,
    as_of: AsOf = "latest",
    trials: Trials = "declared",
    mode: Mode = "auto",
    release: Release = "each",
) -> None:
    """Run every step from raw exports to the mart; while a review is open, the version in production scores."""
    require_mode_and_release(mode, release)
    plans_actions = context.project.actions is not None
    with step(context, "main", {"as_of": as_of, "trials": trials, "mode": mode, "release": release}) as record:
        if context.project.simulate is not None and not context.raw.exists():
            sample(context)
        ingested = ingest(context)
        if context.project.rollups is not None:
            rollups(context)
        features(context, as_of)
        trained = train(context, as_of=as_of, trials=trials)
        if plans_actions:
            uplift(context, as_of)
        outcomes = promote_challengers(context, mode=mode, release=release)
        scored, monitored = score(context, as_of), monitor(context, as_of)
        acted = _act(context, as_of) if plans_actions else []
        record.count_ingested(ingested)
        record.rows_out = scored.rows
        text = run_summary(context, ingested, trained, outcomes, scored, monitored, acted)
        mlflow.log_text(text, "page.txt")
    sys.stdout.write(text)


def _act(context: Context, as_of: str) -> list[str]:
    """Measure the campaigns of before, plan that of the day and hand it over; one sentence for each step."""
    measured, opened = lift(context, as_of), assign(context, as_of)
    planned = [opened.sentence]
    if opened.design is not None:  # otherwise nobody may be contacted, so there is nothing to plan
        planned.append(target(context, as_of).sentence)
    try:
        delivered = deliver(context, as_of)
    except PrichalError:
        feedback(context, as_of)  # a platform that does not answer must not keep unsubscribes waiting
        raise
    reconciliation = feedback(context, as_of)
    return [*measured.sentences(), *planned, *delivered.sentences(), *reconciliation.sentences()]


if __name__ == "__main__":
    sys.exit(run(main))

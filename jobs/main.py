"""`mlflow run .`: every step in order, in one process, as nested runs, and a page at the end."""

import sys

import mlflow

from jobs.features import features
from jobs.ingest import ingest
from jobs.monitor import monitor
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf, Mode, Release, Trials
from jobs.runtime.promotion import promote_challengers
from jobs.runtime.run_log import step
from jobs.runtime.run_summary import page
from jobs.sample import sample
from jobs.score import score
from jobs.train import train
from registry import require_mode_and_release


def main(
    context: Context,
    as_of: AsOf = "latest",
    trials: Trials = "declared",
    mode: Mode = "auto",
    release: Release = "each",
) -> None:
    """From raw exports to a scored mart; while a review waits, what is in production scores."""
    require_mode_and_release(mode, release)
    with step(context, "main", {"as_of": as_of, "trials": trials, "mode": mode, "release": release}) as record:
        if context.project.simulate is not None and not context.raw.exists():
            sample(context)
        taken = ingest(context)
        features(context, as_of)
        trained = train(context, as_of=as_of, trials=trials)
        moved = promote_challengers(context, mode=mode, release=release)
        scored = score(context, as_of)
        watched = monitor(context, as_of)
        record.rows_in = sum(one.manifest.rows_in for one in taken)
        record.quarantined = sum(one.manifest.quarantined for one in taken)
        record.rows_out = scored.rows
        text = page(context, taken, trained, moved, scored, watched)
        mlflow.log_text(text, "page.txt")
    sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(run(main))

"""`mlflow run .`: every step in order, in one process, as nested runs, and a page at the end."""

import sys

import mlflow

from jobs.features import features
from jobs.ingest import ingest
from jobs.monitor import monitor
from jobs.promote import promote
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.run_log import step
from jobs.runtime.run_summary import page
from jobs.sample import sample
from jobs.score import score
from jobs.train import train
from registry import require_mode_and_release


def main(
    context: Context, as_of: str = "latest", trials: str = "declared", mode: str = "auto", release: str = "each"
) -> None:
    """From raw exports to a scored mart; while a review waits, what is in production scores."""
    require_mode_and_release(mode, release)
    with step(context, "main", {"as_of": as_of, "trials": trials, "mode": mode, "release": release}) as entry:
        if context.project.simulate is not None and not context.raw.exists():
            sample(context)
        taken = ingest(context)
        features(context, as_of)
        trained = train(context, as_of=as_of, trials=trials)
        moved = promote(context, mode=mode, release=release)
        scored = score(context, as_of)
        watched = monitor(context, as_of)
        entry.rows_in = sum(one.manifest.rows_in for one in taken)
        entry.quarantined = sum(one.manifest.quarantined for one in taken)
        entry.rows_out = scored.rows
        text = page(context, taken, trained, moved, scored, watched)
        mlflow.log_text(text, "page.txt")
    sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(
        run(
            "main",
            main,
            {"project": "churn", "as_of": "latest", "trials": "declared", "mode": "auto", "release": "each"},
        )
    )

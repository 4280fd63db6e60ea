"""`mlflow run . -e ingest`: raw exports to the lake."""

import sys
from pathlib import Path

from jobs.command import run
from jobs.context import Context
from jobs.journal import step
from lake import Ingested
from lake import ingest as take


def ingest(context: Context, raw: str = "declared") -> list[Ingested]:
    """Take the raw exports of every source into the lake; what was taken before is not taken again."""
    folder = context.project.raw if raw == "declared" else Path(raw)
    done = []
    with step(context, "ingest", {"raw": raw}) as entry:
        for source in context.project.sources:
            one = take(context.spark, source, folder, context.table(source.name))
            m = one.manifest
            context.say(
                f"ingest · {source.name}: {m.rows_in:,} rows in = {m.rows_kept:,} kept + {m.duplicates:,} duplicates "
                f"+ {m.quarantined:,} quarantined{'' if one.taken else ' (taken before)'}"
            )
            done.append(one)
        entry.inputs = {one.source: one.manifest.files for one in done}
        entry.rows_in = sum(one.manifest.rows_in for one in done)
        entry.rows_out = sum(one.manifest.rows_kept for one in done)
        entry.quarantined = sum(one.manifest.quarantined for one in done)
    return done


if __name__ == "__main__":
    sys.exit(run("ingest", ingest, {"project": "cdnow", "raw": "declared"}))

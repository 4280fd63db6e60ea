"""`mlflow run . -e ingest`: raw exports to the lake."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.exports import ingest_exports
from jobs.runtime.parameters import RawLocation
from jobs.runtime.reports.page_tables import replace_volumes
from jobs.runtime.run_log import step
from lake import Ingested


def ingest(context: Context, raw: RawLocation = "declared") -> list[Ingested]:
    """Ingest new raw exports of every source into the lake; a file that was ingested before is skipped."""
    with step(context, "ingest", {"raw": raw}) as record:
        ingested = ingest_exports(context, raw)
        record.inputs = {
            source.source: {name: file.content for name, file in source.manifest.files.items()} for source in ingested
        }
        record.count_ingested(ingested)
        replace_volumes(context, ingested)
    return ingested


if __name__ == "__main__":
    sys.exit(run(ingest))

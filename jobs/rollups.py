"""`mlflow run . -e rollups`: aggregates of the lake to the tables that the pages query."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.run_log import step
from serving import replace_rollups


def rollups(context: Context) -> dict[str, int]:
    """Compute the project's rollups from the lake and replace its tables of aggregates; number of rows by table."""
    with step(context, "rollups", {}) as record:
        project = context.project
        sources = context.tables
        record.inputs = {name: table.require().digest for name, table in sources.items()}
        record.rows_in = sum(table.require().rows_kept for table in sources.values())
        counts = replace_rollups(
            context.ingest_engine(), context.settings.require_database(), project.name, project.declared_rollups,
            sources, context.settings.lake / project.name / "rollups",
        )  # fmt: skip
        record.rows_out = sum(counts.values())
        context.say(
            f"rollups · {record.rows_in:,} rows of the lake to {record.rows_out:,} rows of {len(counts)} tables"
        )
    return counts


if __name__ == "__main__":
    sys.exit(run(rollups))

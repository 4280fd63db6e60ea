"""`mlflow run . -e features`: snapshots for a date or a range of months."""

import sys

from features.snapshots import Built
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step


def features(context: Context, as_of: AsOf = "latest") -> Built:
    """Build the snapshots that training and scoring on a date need, or those of a range A..B."""
    with step(context, "features", {"as_of": as_of}) as record:
        dates, tables = context.dates(as_of), context.snapshots.tables
        record.inputs = {name: table.require().digest for name, table in tables.items()}
        record.rows_in = sum(table.require().rows_kept for table in tables.values())
        context.say(f"features · {len(dates)} dates, {dates[0]} to {dates[-1]}")
        built = context.snapshots.build(context.engine, dates)
        record.rows_out, count = sum(built.rows.values()), len(context.project.features)
        context.say(f"features · {record.rows_out:,} rows of {count} features, {len(built.new_dates)} dates built now")
        if ".." not in as_of:
            context.build_population_snapshots(max(dates))
    return built


if __name__ == "__main__":
    sys.exit(run(features))

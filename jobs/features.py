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
        dates, snapshots = context.dates(as_of), context.snapshots
        record.inputs = {name: table.require().digest for name, table in snapshots.tables.items()}
        record.rows_in = sum(table.require().rows_kept for table in snapshots.tables.values())
        context.say(f"features · {len(dates)} dates, {dates[0]} to {dates[-1]}")
        built = snapshots.build(context.engine, dates)
        record.rows_out = sum(built.rows.values())
    context.say(
        f"features · {record.rows_out:,} rows of {len(context.project.features)} features, "
        f"{len(built.made)} dates made now"
    )
    return built


if __name__ == "__main__":
    sys.exit(run(features))

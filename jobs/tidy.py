"""`mlflow run . -e tidy`: remove what is older than the project's retention."""

import sys

import mlflow

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.privacy.removal import RemovedItems, removal_table, remove_old
from jobs.runtime.run_log import step


def tidy(context: Context) -> list[RemovedItems]:
    """Remove old scores, snapshots, logs and versions; print a table of what was removed."""
    with step(context, "tidy", {}) as record:
        removed = remove_old(context)
        record.rows_out = sum(item.count for item in removed)
        mlflow.log_text(removal_table(removed) + "\n", "removed.txt")
    for line in removal_table(removed).splitlines():
        context.say(f"tidy · {line}")
    return removed


if __name__ == "__main__":
    sys.exit(run(tidy))

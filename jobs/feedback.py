"""`mlflow run . -e feedback`: reactions to contacts, closed channels, and whether plan, outbox and reports agree."""

import sys

from actions.delivery.reconciliation import Reconciliation
from jobs.runtime.actions.delivery import reconcile_and_log, update_reactions
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step


def feedback(context: Context, as_of: AsOf = "latest") -> Reconciliation:
    """Store new reactions of the lake, close the channels of who unsubscribed, and reconcile the last 90 days."""
    with step(context, "feedback", {"as_of": as_of}) as record:
        record.rows_in = update_reactions(context, "feedback").rows
        reconciliation = reconcile_and_log(context, as_of)
        record.rows_out = len(reconciliation.differences)
    return reconciliation


if __name__ == "__main__":
    sys.exit(run(feedback))

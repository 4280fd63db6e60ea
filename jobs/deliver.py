"""`mlflow run . -e deliver`: the day's planned contacts to the platform, each once."""

import sys

from actions.delivery.deliver import Delivered
from jobs.runtime.actions.delivery import deliver_contacts
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step


def deliver(context: Context, as_of: AsOf = "latest") -> Delivered:
    """Hand the contacts of a day's plan over to the platform after checking consent, caps and closed channels again."""
    with step(context, "deliver", {"as_of": as_of}) as record:
        delivered = deliver_contacts(context, as_of)
        record.rows_in, record.rows_out = delivered.queued, delivered.sent.accepted
        delivered.require_success()
    return delivered


if __name__ == "__main__":
    sys.exit(run(deliver))

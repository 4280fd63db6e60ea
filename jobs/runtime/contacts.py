"""Our own contacts, for trainings and comparisons that leave contacted people out."""

from actions.lift.contacted_people import read_contacts
from jobs.runtime.context import Context
from training import Contacts


def contacts_to_leave_out(context: Context) -> Contacts | None:
    """All contacts of the project; None where its training plan keeps contacted people."""
    project = context.project
    if project.actions is None or not project.training.without_contacted:
        return None
    return read_contacts(context.settings.require_database(), project.actions, context.snapshots)

"""The hand-over of contacts and its feedback, for a project that declares actions."""

import mlflow

from actions.delivery.consent import SnapshotConsent
from actions.delivery.deliver import Delivered, Handover
from actions.delivery.platforms import choose_platform
from actions.delivery.reactions import NewReactions, ReactionReader
from actions.delivery.reconciliation import Reconciliation, reconcile_contacts
from jobs.runtime.context import Context


def deliver_contacts(context: Context, as_of: str) -> Delivered:
    """Close the channels of who unsubscribed, then hand over the contacts that are due; print the counts."""
    project, plan, day = context.project, context.project.action_plan, context.day(as_of)
    platform = choose_platform(context.settings, project.name, project.entity)
    update_reactions(context, "deliver")
    context.snapshots.build(context.engine, [day])
    consent = SnapshotConsent(context.snapshots.path(day), project.entity, project.time_zone)
    url, zone = context.settings.require_database(), project.time_zone
    delivered = Handover(url, project.name, project.mart, zone, day, plan, platform, consent).run()
    for sentence in delivered.sentences():
        context.say(f"deliver · {sentence}")
    return delivered


def update_reactions(context: Context, step: str) -> NewReactions:
    """Store the reactions that are new in the lake and close channels, if the project declares reactions."""
    project, history = context.project, context.project.action_plan.reactions
    if history is None:
        return NewReactions()
    url = context.settings.require_database()
    reader = ReactionReader(url, project.name, project.sources, context.tables, history, context.engine)
    reactions = reader.update()
    context.say(f"{step} · {reactions.sentence()}")
    return reactions


def reconcile_and_log(context: Context, as_of: str) -> Reconciliation:
    """Compare plan, outbox and reports; print the result and log its tables to MLflow."""
    project, url, day = context.project, context.settings.require_database(), context.day(as_of)
    reconciliation = reconcile_contacts(url, project.name, project.mart, project.time_zone, day)
    for name, frame in reconciliation.tables().items():
        mlflow.log_table(frame, f"reconciliation/{name}.json")
    for sentence in reconciliation.sentences():
        context.say(f"feedback · {sentence}")
    return reconciliation

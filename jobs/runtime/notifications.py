"""Reports of a promotion, a review or a rollback: the console line, the version's page, the webhook."""

from collections.abc import Mapping
from datetime import UTC, datetime

import mlflow

from jobs.runtime.context import Context
from registry import PromotionOutcome
from registry.ledger.webhook import post_decisions
from registry.review_page import (
    add_outcome,
    address_of,
    publish,
    review,
)
from stack.mlflow_server import run_address

#: ledger act -> verb of the sentence on top of a version's page.
PAGE_VERBS = {"promote": "approved", "reject": "rejected", "rollback": "put back in production"}


def describe(outcome: PromotionOutcome) -> str:
    """One line about the outcome for a version."""
    replaced = f"version {outcome.replaced}" if outcome.replaced else None
    sentences = {
        "promote": f"version {outcome.version} is in production, it replaced {replaced or 'nothing'}",
        "keep": f"version {outcome.version} stays in production",
        "refuse": f"version {outcome.version} was refused; production stays {replaced or 'empty'}",
        "review": f"version {outcome.version} needs a review; production stays {replaced or 'empty'}",
        "reject": f"version {outcome.version} was rejected; production stays {replaced or 'empty'}",
        "void": f"version {outcome.version} was compared with a state that has changed since; no alias was moved",
        "absent": f"there is no challenger; production stays {replaced or 'empty'}",
        "rollback": f"version {outcome.version} is back in production, {replaced} was withdrawn{_dates_text(outcome)}",
    }
    return f"{outcome.model}: {sentences[outcome.act]}"


def publish_review_page(outcome: PromotionOutcome, pictures: Mapping[str, bytes], together: bool) -> None:
    """Write the review page of a decision: the version's description, and HTML with pictures in the active run.

    Args:
        outcome: for the challenger.
        pictures: PNGs by name.
        together: whether the reviews of several models form one release.
    """
    if outcome.contenders is None or outcome.decision is None:
        return
    page = review(
        outcome.contenders, outcome.measured, outcome.decision, pictures,
        needs_approval=outcome.act == "review", together=together, when=datetime.now(UTC),
        address=address_of(outcome.model, outcome.version),
    )  # fmt: skip
    publish(outcome.contenders, page)


def put_on_version_pages(outcome: PromotionOutcome, reviewer: str, reason: str) -> None:
    """Write the decision, its author and its reason on top of the pages of the versions concerned."""
    when = f"on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {reason}"
    verb = PAGE_VERBS[outcome.act]
    add_outcome(outcome.model, outcome.version, f"Version {outcome.version} {verb} by {reviewer} {when}")
    if outcome.act == "rollback" and outcome.replaced:
        add_outcome(outcome.model, outcome.replaced, f"Version {outcome.replaced} withdrawn by {reviewer} {when}")


def post_webhook(context: Context, *outcomes: PromotionOutcome) -> None:
    """Post the ledger's new rows to the webhook, if one is set."""
    run = mlflow.active_run()
    address = run_address(mlflow.get_tracking_uri(), run.info.experiment_id, run.info.run_id) if run else ""
    address_by_row = {row: address for outcome in outcomes for row in outcome.rows}
    post_decisions(context.settings.require_database(), context.settings, address_by_row, context.say)


def _dates_text(outcome: PromotionOutcome) -> str:
    """The dates that a withdrawn version scored, as a part of a sentence."""
    if not outcome.dates:
        return "; it had scored no date"
    return f"; it had scored {', '.join(day.isoformat() for day in outcome.dates)}: score them again"

"""What a person, the version's page and another program are told of a promotion, a review or a rollback."""

from collections.abc import Mapping
from datetime import UTC, datetime

import mlflow

from jobs.runtime.context import Context
from jobs.runtime.promotion_measurements import Measuring
from registry import PromotionOutcome
from registry.ledger.webhook import post_decisions
from registry.review_page import (
    add_outcome,
    address_of,
    publish,
    review,
)
from stack.mlflow_server import run_address
from training import Pair, pngs, versus_gallery

#: acts of which a version's page says on top who did what.
OUTCOMES = {"promote": "approved", "reject": "rejected", "rollback": "put back in production"}


def describe(moved: PromotionOutcome) -> str:
    """One line on what became of a version."""
    before = f"version {moved.replaced}" if moved.replaced else None
    said = {
        "promote": f"version {moved.version} is in production, it replaced {before or 'nothing'}",
        "keep": f"version {moved.version} stays in production",
        "refuse": f"version {moved.version} refused; production stays {before or 'empty'}",
        "review": f"version {moved.version} waits for a review; production stays {before or 'empty'}",
        "reject": f"version {moved.version} rejected; production stays {before or 'empty'}",
        "void": f"version {moved.version} was judged beside what has changed since; nothing was moved",
        "absent": f"no version is proposed; production stays {before or 'empty'}",
        "rollback": f"version {moved.version} is back in production, {before} is withdrawn{_scored(moved)}",
    }
    return f"{moved.model}: {said[moved.act]}"


def tell_review(moved: PromotionOutcome, measuring: Measuring, margin: float, together: bool) -> None:
    """Make the review page of a decision: the version's description, and HTML with pictures in the active run.

    Args:
        moved: what became of the challenger.
        measuring: what was measured of it, for the pictures.
        margin: of the policy.
        together: whether other models wait with it, as one release.
    """
    if moved.contenders is None or moved.decision is None:
        return
    made = review(
        moved.contenders, moved.measured, moved.decision, _pictures(moved, measuring, margin),
        needs_approval=moved.act == "review", together=together, when=datetime.now(UTC),
        address=address_of(moved.model, moved.version),
    )  # fmt: skip
    publish(moved.contenders, made)


def tell_person(moved: PromotionOutcome, who: str, reason: str) -> None:
    """Put on top of the descriptions of the versions concerned what a person decided."""
    when = f"on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {reason}"
    add_outcome(moved.model, moved.version, f"Version {moved.version} {OUTCOMES[moved.act]} by {who} {when}")
    if moved.act == "rollback" and moved.replaced:
        add_outcome(moved.model, moved.replaced, f"Version {moved.replaced} withdrawn by {who} {when}")


def tell_program(context: Context, *done: PromotionOutcome) -> None:
    """Post the ledger's new rows where a webhook is set."""
    run = mlflow.active_run()
    address = run_address(mlflow.get_tracking_uri(), run.info.experiment_id, run.info.run_id) if run else ""
    decided = {number: address for moved in done for number in moved.rows}
    post_decisions(context.settings.require_database(), context.settings, decided, context.say)


def _pictures(moved: PromotionOutcome, measuring: Measuring, margin: float) -> Mapping[str, bytes]:
    found = measuring.versus
    if found is None or found.production is None or moved.measured is None:
        return {}
    names = (f"version {moved.version}", f"version {moved.replaced}")
    pair = Pair(found.frame.labels, found.challenger, found.production, found.frame.entity, names)
    return pngs(versus_gallery(pair, moved.measured, margin))


def _scored(moved: PromotionOutcome) -> str:
    """The dates that a withdrawn version scored."""
    if not moved.dates:
        return "; it had scored no date"
    return f"; it had scored {', '.join(day.isoformat() for day in moved.dates)}: score them again"

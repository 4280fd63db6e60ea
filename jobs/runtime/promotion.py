"""Promotion of a project's challengers: measure, decide by the gate, report each outcome."""

from collections.abc import Mapping, Sequence

import mlflow

from jobs.runtime.actions.measurements import UpliftMeasurement
from jobs.runtime.actions.response_models import UPLIFT, challenging_models, populations_of
from jobs.runtime.context import Context
from jobs.runtime.notifications import describe, post_webhook, publish_review_page
from jobs.runtime.promotion_measurements import PromotionMeasurement
from jobs.runtime.run_log import step
from registry import PromotionOutcome, require_mode_and_release
from registry import promote as run_gate
from stack.errors import PrichalError
from stack.settings import user

#: acts of the ledger after which `promote` succeeds.
SUCCESSFUL_ACTS = {"promote", "keep", "review"}


class RefusedError(PrichalError):
    """A challenger was refused, was not measured completely, or is missing."""


def promote_challengers(
    context: Context, population: str = "all", mode: str = "auto", release: str = "each"
) -> list[PromotionOutcome]:
    """Promote the challengers that pass the gate; the outcome of any other one holds the reason.

    Response models are promoted each by itself: a release together is of models that score the same people.

    Raises:
        ModeError: an unknown mode.
        ReleaseError: an unknown release.
        RefusedError: only response models were asked for, and none has a challenger.
    """
    require_mode_and_release(mode, release)
    populations = populations_of(context, population)
    with step(context, "promote", {"population": population, "mode": mode, "release": release}) as record:
        outcomes = _promote(
            context, {chosen.model: PromotionMeasurement(context, chosen) for chosen in populations}, mode, release
        )
        if population in {UPLIFT, "all"}:
            responses = {model: UpliftMeasurement(context, model) for model in challenging_models(context)}
            _require_challengers(context, population, responses)
            outcomes += _promote(context, responses, mode, "each")
        record.inputs = {
            outcome.model: {"challenger": outcome.version, "act": outcome.act, "rows": list(outcome.rows)}
            for outcome in outcomes
        }
    return outcomes


def _promote(
    context: Context, measurements: Mapping[str, PromotionMeasurement | UpliftMeasurement], mode: str, release: str
) -> list[PromotionOutcome]:
    if not measurements:
        return []
    policy = context.project.policy
    outcomes = run_gate(
        context.settings.require_database(), list(measurements), policy, user(),
        measure=lambda contenders: measurements[contenders.challenger.model](contenders),
        mode=mode, release=release,
    )  # fmt: skip
    together = release == "together" and sum(outcome.act == "review" for outcome in outcomes) > 1
    for outcome in outcomes:
        _report(context, outcome)
        publish_review_page(outcome, measurements[outcome.model].pictures(outcome), together)
    post_webhook(context, *outcomes)
    return outcomes


def _require_challengers(context: Context, population: str, responses: Mapping[str, UpliftMeasurement]) -> None:
    if population == UPLIFT and not responses:
        raise RefusedError(
            f"No response model of project {context.project.name} has a challenger: run `-e uplift` first; if it found "
            "nothing usable, there is nothing to promote."
        )


def require_success(outcomes: Sequence[PromotionOutcome]) -> None:
    """Fail unless every challenger was accepted, so that a scheduler notices.

    Raises:
        RefusedError: a challenger was refused, was not measured completely, or is missing.
    """
    failed = [outcome for outcome in outcomes if outcome.act not in SUCCESSFUL_ACTS]
    if failed:
        raise RefusedError(" ".join(_failure_reason(outcome) for outcome in failed))


def _report(context: Context, outcome: PromotionOutcome) -> None:
    context.say(f"promote · {describe(outcome)}")
    mlflow.set_tag(f"prichal.decision.{outcome.model}", outcome.act)
    if outcome.decision is None:
        return
    for check in outcome.decision.checks:
        if not check.passed:
            context.say(f"promote · NO  {check.sentence}")
    mlflow.log_dict(outcome.decision.json(), f"decision_{outcome.model}.json")
    if outcome.measured is not None:
        mlflow.log_dict(dict(outcome.measured), f"measured_{outcome.model}.json")


def _failure_reason(outcome: PromotionOutcome) -> str:
    if outcome.act == "refuse":
        return f"The gate refused {outcome.model} version {outcome.version}. {outcome.reason}"
    return outcome.reason

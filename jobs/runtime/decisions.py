"""Decisions of a user on versions: approve, reject, roll back; each outcome is printed, put on pages and posted."""

from collections.abc import Sequence
from functools import partial

from jobs.runtime.actions.response_models import UPLIFT, model_names
from jobs.runtime.context import Context
from jobs.runtime.notifications import describe, post_webhook, put_on_version_pages
from jobs.runtime.run_log import step
from registry import PromotionOutcome
from registry import approve as approve_reviews
from registry import reject as reject_reviews
from registry import rollback as roll_back_model
from serving import scored_dates
from stack.settings import reviewer, user


def approve_versions(context: Context, population: str, name: str, reason: str) -> list[PromotionOutcome]:
    """Approve the open reviews of the populations' models, and put the versions into production."""
    url, models, policy = context.settings.require_database(), model_names(context, population), context.project.policy
    with step(context, "approve", {"population": population, "name": name, "reason": reason}) as record:
        outcomes = approve_reviews(url, models, policy, reviewer(name), reason, user())
        _report(context, "approve", outcomes, name, reason)
        record.inputs = {
            outcome.model: {"version": outcome.version, "replaced": outcome.replaced} for outcome in outcomes
        }
    return outcomes


def reject_versions(context: Context, population: str, name: str, reason: str) -> list[PromotionOutcome]:
    """Reject the open reviews of the populations' models; the versions are not proposed again."""
    url, models = context.settings.require_database(), model_names(context, population)
    with step(context, "reject", {"population": population, "name": name, "reason": reason}) as record:
        outcomes = reject_reviews(url, models, reviewer(name), reason, user())
        _report(context, "reject", outcomes, name, reason)
        record.inputs = {
            outcome.model: {"version": outcome.version, "replaced": outcome.replaced} for outcome in outcomes
        }
    return outcomes


def roll_back(context: Context, population: str, reason: str) -> list[PromotionOutcome]:
    """Put the previous version of each model back into production; report the dates that the withdrawn one scored."""
    url, outcomes = context.settings.require_database(), []
    with step(context, "rollback", {"population": population, "reason": reason}) as record:
        for model in _churn_or_response_models(context, population):
            dates_of_version = partial(scored_dates, url, context.project.mart, model)
            outcome = roll_back_model(url, model, user(), reason, dates_of_version)
            _report(context, "rollback", [outcome], user(), outcome.reason)
            outcomes.append(outcome)
        record.inputs = {
            outcome.model: {
                "version": outcome.version,
                "withdrawn": outcome.replaced,
                "dates": [str(day) for day in outcome.dates],
            }
            for outcome in outcomes
        }
    return outcomes


def _churn_or_response_models(context: Context, population: str) -> list[str]:
    """Models to roll back: a rollback of all populations leaves the response models as they are."""
    if population == UPLIFT:
        return model_names(context, population)
    return [chosen.model for chosen in context.project.choose(population)]


def _report(context: Context, act: str, outcomes: Sequence[PromotionOutcome], reviewer_name: str, reason: str) -> None:
    for outcome in outcomes:
        context.say(f"{act} · {describe(outcome)}")
        put_on_version_pages(outcome, reviewer_name, reason)
    post_webhook(context, *outcomes)

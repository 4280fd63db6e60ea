"""The plan of a day: the response model in production, the allocation, the mart, and the run in MLflow."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import mlflow
import pandas as pd

from actions.policy.constraints import Floats
from actions.policy.effects import UpliftInProduction
from actions.policy.target import TargetedDay, target_day
from actions.uplift.effects import align, effects_of_batches
from jobs.runtime.actions.response_models import response_model
from jobs.runtime.context import Context
from jobs.runtime.run_log import RunRecord
from registry import NoProductionError, approved_files, model_evidence, production, verified_files

#: characters that MLflow accepts in a tag.
MAX_TAG_LENGTH = 5000


def plan_and_publish(context: Context, as_of: str, record: RunRecord) -> TargetedDay:
    """Plan the actions of the campaign of a date and publish them.

    Raises:
        DeclarationError: the project declares no actions.
        TargetError: there is no campaign of the date, or its people are not in the snapshot.
        VersionFilesError: the files of the response model are not the approved ones.
        MissingFeatureError: the snapshot lacks a feature that the response model needs.
    """
    project, plan = context.project, context.project.action_plan
    day, snapshots, url = context.day(as_of), context.snapshots, context.settings.require_database()
    record.rows_in = snapshots.build(context.engine, [day]).rows[day]
    with uplift_in_production(context) as (uplift, no_uplift):
        targeted = target_day(plan, snapshots, day, project.mart, url, uplift, no_uplift)
    record.inputs = {"snapshot": snapshots.digest(day), "version": uplift.version if uplift is not None else None}
    record.rows_out = targeted.rows
    return targeted


@contextmanager
def uplift_in_production(context: Context) -> Iterator[tuple[UpliftInProduction | None, str]]:
    """The project's response model in production, or None and the sentence why there is none."""
    url, model = context.settings.require_database(), response_model(context.project.name)
    names = [action.name for action in context.project.action_plan.actions]
    try:
        version = production(url, model)
    except NoProductionError:
        yield None, f"The policy gives no actions: {model} has no version in production."
        return
    with verified_files(model, version, approved_files(url, model, version)) as files:

        def predict_effects(batches: Iterable[pd.DataFrame]) -> Floats:
            return align(effects_of_batches(files, batches), names)

        yield UpliftInProduction(version, model_evidence(model, version), predict_effects), ""


def log_plan(targeted: TargetedDay) -> None:
    """Log counts, money, prices and the picture of the budget to the active run."""
    mlflow.set_tag("prichal.plan", targeted.sentence[:MAX_TAG_LENGTH])
    mlflow.log_text(targeted.sentence + "\n", "plan.txt")
    mlflow.log_metrics({"cost": targeted.cost, "expected_gain": targeted.expected_gain})
    counts = [
        {"group": group, "action": action, "people": people}
        for group, actions in targeted.counts.items()
        for action, people in actions.items()
    ]
    mlflow.log_table(pd.DataFrame(counts), "actions.json")
    prices, picture = targeted.prices(), targeted.picture()
    if prices:
        mlflow.log_table(pd.DataFrame(prices), "prices.json")
    if picture is not None:
        mlflow.log_figure(picture, "gain_by_budget.png")

"""Learn the effects of actions from a project's past campaigns, or from the file of an experiment."""

import re
from pathlib import Path

import mlflow

from actions.declare.plan import ActionPlan
from actions.design.experiment_file import read_experiment_file
from actions.design.past_experiments import read_past_experiments
from actions.experiment import Experiment
from actions.uplift.train import UpliftOutcome, UpliftRequest, learn_effects
from jobs.runtime.actions.response_models import judged_rows_folder, response_model
from jobs.runtime.context import Context
from jobs.runtime.run_log import step
from projects import project_names
from stack.errors import PrichalError
from stack.settings import ROOT, user
from training import code_hash

#: names of files that may name a model.
FILE_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
#: packages whose code determines a response model.
MODEL_CODE = ("actions/design", "actions/policy", "actions/uplift", "training")


class FileNameError(PrichalError):
    """The name of an experiment's file cannot name a model."""


def learn_uplift(context: Context, as_of: str, data: str) -> UpliftOutcome:
    """Learn the effects inside one step; the result says whether differences between people can be used.

    Raises:
        DeclarationError: the project declares no actions, and no file was given.
        ExperimentError: the assignments cannot be analysed.
    """
    project = context.project
    with step(context, "uplift", {"as_of": as_of, "data": data}) as record:
        experiment, contaminated_share, campaign_people = _experiment(context, as_of, data)
        model = _model(context, experiment, data)
        record.rows_in = len(experiment)
        context.say(f"uplift · {len(experiment):,} randomised rows, {len(experiment.arms) - 1} actions, model {model}")
        request = UpliftRequest(
            experiment, project.name, model, code_hash(ROOT, MODEL_CODE), judged_rows_folder(context, model),
            project.actions.value if project.actions is not None else None, _plan_of(context, experiment),
            contaminated_share, campaign_people, seed=project.training.seed, say=context.say,
        )  # fmt: skip
        tags = {"prichal.kind": "uplift", "prichal.author": user()}
        with mlflow.start_run(run_name="uplift · training", nested=True, tags=tags):
            outcome = learn_effects(request)
        mlflow.set_tag("prichal.uplift_result", outcome.evidence["sentence"])
        record.inputs = {"data": outcome.evidence["data"]["digest"], "code": request.code}
    return outcome


def _experiment(context: Context, as_of: str, data: str) -> tuple[Experiment, float | None, int | None]:
    """The randomised rows; if known, the share of control rows contacted outside the design, and people of the day."""
    if data != "declared":
        return read_experiment_file(Path(data)), None, None
    plan, day, snapshots = context.project.action_plan, context.day(as_of), context.snapshots
    past = read_past_experiments(
        plan, snapshots, context.engine, day, context.project.mart, context.settings.require_database()
    )
    context.say(f"uplift · {past.describe()}")
    for check in past.checks:
        if not check.passed:
            context.say(f"uplift · WARNING {check.sentence}")
    snapshots.build(context.engine, [day])
    people = sum(snapshots.member_count(day, population) for population in plan.populations)
    return past.experiment, past.contaminated_share, people


def _model(context: Context, experiment: Experiment, data: str) -> str:
    """Registered name: that of the project if its snapshots have all features, else that of the file.

    Raises:
        FileNameError: the file's name cannot name a model.
    """
    if _is_of_project(context, experiment, data):
        return response_model(context.project.name)
    stem = Path(data).stem
    if not FILE_NAME.fullmatch(stem) or stem in project_names():
        raise FileNameError(
            f"The experiment's file is called {stem!r}, which names its model: rename it to lower-case letters, digits "
            f"and underscores, a letter first, and not to a project ({', '.join(project_names())})."
        )
    return response_model(stem)


def _plan_of(context: Context, experiment: Experiment) -> ActionPlan | None:
    """The project's action plan, if the experiment is of its actions."""
    plan = context.project.actions
    return plan if plan is not None and set(experiment.arms) <= set(plan.arms) else None


def _is_of_project(context: Context, experiment: Experiment, data: str) -> bool:
    """Whether the project's snapshots have all features of the experiment, so that `target` can use the model."""
    return data == "declared" or set(experiment.names) <= {feature.name for feature in context.project.features}

"""The MLflow server and experiment that a step's runs go to."""

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Experiment, LifecycleStage

from jobs.runtime.context import Context
from stack.errors import PrichalError
from stack.mlflow_server import sign_in
from stack.settings import variable


class DeletedExperimentError(PrichalError):
    """The experiment of the step was deleted in MLflow, so MLflow accepts no run in it."""


def open_tracking(context: Context) -> None:
    """Point MLflow at the server, in the experiment named after the project unless `mlflow run` chose one.

    Raises:
        DeletedExperimentError: the experiment was deleted.
    """
    sign_in(context.settings)
    mlflow.set_tracking_uri(context.settings.require_tracking())
    if variable("MLFLOW_RUN_ID") is not None:
        return  # `mlflow run` has started the run already
    experiment_id = variable("MLFLOW_EXPERIMENT_ID")
    if experiment_id is not None:
        _require_active(MlflowClient().get_experiment(experiment_id))
        return
    _require_active(MlflowClient().get_experiment_by_name(context.project.name))
    mlflow.set_experiment(context.project.name)


def _require_active(experiment: Experiment | None) -> None:
    if experiment is not None and experiment.lifecycle_stage == LifecycleStage.DELETED:
        raise DeletedExperimentError(
            f"The MLflow experiment {experiment.name} was deleted: restore it with `mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}`, or choose another one with `mlflow run --experiment-name "
            "NAME`."
        )

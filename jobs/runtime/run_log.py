"""`ops.runs`: one row per step that was started, with its outcome."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Experiment, LifecycleStage
from psycopg.types.json import Jsonb

from jobs.runtime.context import Context
from jobs.runtime.failures import explain
from jobs.runtime.killed_runs import clean_up_after_killed_runs
from jobs.runtime.step_locks import hold_run, hold_step, remove_outdated
from lake import Ingested
from stack.errors import PrichalError
from stack.mlflow_server import sign_in
from stack.postgres import connect
from stack.schema import check_schema
from stack.settings import user, variable


@dataclass
class RunRecord:
    """What a step records about itself in `ops.runs`: its inputs and row counts."""

    run_id: str
    inputs: dict[str, Any] = field(default_factory=dict)
    rows_in: int | None = None
    rows_out: int | None = None
    quarantined: int | None = None

    def count_ingested(self, ingested: Iterable[Ingested]) -> None:
        """Set the row counts to the sums over ingested sources."""
        manifests = [source.manifest for source in ingested]
        self.rows_in = sum(manifest.rows_in for manifest in manifests)
        self.rows_out = sum(manifest.rows_kept for manifest in manifests)
        self.quarantined = sum(manifest.quarantined for manifest in manifests)


@contextmanager
def step(context: Context, name: str, parameters: Mapping[str, str]) -> Iterator[RunRecord]:
    """Run the block as a step: inside an MLflow run, with a row of `ops.runs`. Both record the outcome and the error.

    A killed step leaves its row at `running`; the next step of the project closes the row.

    Raises:
        SchemaError: the migrations of this release were not applied to the database.
        StepRunningError: another process runs the same step of the project.
    """
    check_schema(context.settings.require_database())
    with hold_step(context, name, parameters) as outermost:
        if outermost:
            clean_up_after_killed_runs(context, name)
        with _recorded(context, name, parameters) as record:
            yield record
        if outermost:
            remove_outdated(context)


@contextmanager
def _recorded(context: Context, name: str, parameters: Mapping[str, str]) -> Iterator[RunRecord]:
    url = context.settings.require_database()
    with mlflow.start_run(run_name=name, nested=mlflow.active_run() is not None) as run:
        tags = {"prichal.step": name, "prichal.project": context.project.name, "prichal.author": user()}
        mlflow.set_tags({"mlflow.runName": name, **tags})
        record = RunRecord(run.info.run_id)
        hold_run(context, record.run_id)
        _begin(url, record, context.project.name, name, parameters)
        try:
            yield record
        except BaseException as error:
            explained = error if isinstance(error, PrichalError) else explain(error)
            message = str(explained) if explained is not None else f"{type(error).__name__}: {error}"
            _end(url, record, "failed", message[:2000])
            raise
        _end(url, record, "done", None)
        counts = {"rows_in": record.rows_in, "rows_out": record.rows_out, "quarantined": record.quarantined}
        mlflow.log_metrics({key: float(value) for key, value in counts.items() if value is not None})


def _begin(url: str, record: RunRecord, project: str, name: str, parameters: Mapping[str, str]) -> None:
    with connect(url, role="prichal_writer") as connection:
        connection.execute(
            "insert into ops.runs (run_id, project, step, parameters) values (%s, %s, %s, %s) "
            "on conflict (run_id) do update set started_at = now(), finished_at = null, outcome = 'running', "
            "message = null",
            [record.run_id, project, name, Jsonb(dict(parameters))],
        )


def _end(url: str, record: RunRecord, outcome: str, message: str | None) -> None:
    try:
        with connect(url, role="prichal_writer") as connection:
            connection.execute(
                "update ops.runs set finished_at = now(), inputs = %s, rows_in = %s, rows_out = %s, quarantined = %s, "
                "outcome = %s, message = %s where run_id = %s",
                [
                    Jsonb(record.inputs),
                    record.rows_in,
                    record.rows_out,
                    record.quarantined,
                    outcome,
                    message,
                    record.run_id,
                ],
            )
    except PrichalError:
        if outcome == "done":
            raise  # a failed step reports its own error, which may be that PostgreSQL is gone


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

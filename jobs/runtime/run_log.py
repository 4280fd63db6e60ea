"""`ops.runs`: one row per step that ran, whatever became of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import mlflow
from psycopg.types.json import Jsonb

from jobs.runtime.context import Context
from jobs.runtime.failures import explain
from jobs.runtime.killed_runs import clean_up_after_killed_runs
from jobs.runtime.step_locks import hold_run, hold_step, remove_outdated
from stack.errors import PrichalError
from stack.mlflow_server import sign_in
from stack.postgres import connect, migrate
from stack.settings import user, variable

DDL = """
create schema if not exists ops;
create table if not exists ops.runs (
  run_id text primary key, project text not null, step text not null, parameters jsonb not null,
  started_at timestamptz not null default now(), finished_at timestamptz,
  inputs jsonb not null default '{}', rows_in bigint, rows_out bigint, quarantined bigint,
  outcome text not null default 'running' check (outcome in ('running', 'done', 'failed')), message text
);
grant usage on schema ops to prichal_writer;
grant select, insert, update on ops.runs to prichal_writer;
"""


@dataclass
class Entry:
    """What a step tells of itself while it runs."""

    run_id: str
    inputs: dict[str, Any] = field(default_factory=dict)
    rows_in: int | None = None
    rows_out: int | None = None
    quarantined: int | None = None


@contextmanager
def step(context: Context, name: str, parameters: Mapping[str, str]) -> Iterator[Entry]:
    """An MLflow run and a row of `ops.runs` around a step; both tell how it ended, and why if it failed.

    A row left at `running` is a step that was killed: the next step of the project closes it.

    Raises:
        StepRunningError: another process runs the same step of the project.
    """
    with connect(context.settings.require_database()) as connection:
        migrate(connection, DDL)
    with hold_step(context, name, parameters) as outermost:
        if outermost:
            clean_up_after_killed_runs(context, name)
        with _recorded(context, name, parameters) as entry:
            yield entry
        if outermost:
            remove_outdated(context)


@contextmanager
def _recorded(context: Context, name: str, parameters: Mapping[str, str]) -> Iterator[Entry]:
    url = context.settings.require_database()
    with mlflow.start_run(run_name=name, nested=mlflow.active_run() is not None) as run:
        tags = {"prichal.step": name, "prichal.project": context.project.name, "prichal.author": user()}
        mlflow.set_tags({"mlflow.runName": name, **tags})
        entry = Entry(run.info.run_id)
        hold_run(context, entry.run_id)
        _begin(url, entry, context.project.name, name, parameters)
        try:
            yield entry
        except BaseException as error:
            explained = error if isinstance(error, PrichalError) else explain(error)
            message = str(explained) if explained is not None else f"{type(error).__name__}: {error}"
            _end(url, entry, "failed", message[:2000])
            raise
        _end(url, entry, "done", None)
        counts = {"rows_in": entry.rows_in, "rows_out": entry.rows_out, "quarantined": entry.quarantined}
        mlflow.log_metrics({key: float(value) for key, value in counts.items() if value is not None})


def open_tracking(context: Context) -> None:
    """Point MLflow at the server, in the experiment named after the project unless `mlflow run` chose one."""
    sign_in(context.settings)
    mlflow.set_tracking_uri(context.settings.require_tracking())
    if variable("MLFLOW_RUN_ID") is None and variable("MLFLOW_EXPERIMENT_ID") is None:
        mlflow.set_experiment(context.project.name)


def _begin(url: str, entry: Entry, project: str, name: str, parameters: Mapping[str, str]) -> None:
    with connect(url, role="prichal_writer") as connection:
        connection.execute(
            "insert into ops.runs (run_id, project, step, parameters) values (%s, %s, %s, %s) "
            "on conflict (run_id) do update set started_at = now(), finished_at = null, outcome = 'running', "
            "message = null",
            [entry.run_id, project, name, Jsonb(dict(parameters))],
        )


def _end(url: str, entry: Entry, outcome: str, message: str | None) -> None:
    try:
        with connect(url, role="prichal_writer") as connection:
            connection.execute(
                "update ops.runs set finished_at = now(), inputs = %s, rows_in = %s, rows_out = %s, quarantined = %s, "
                "outcome = %s, message = %s where run_id = %s",
                [
                    Jsonb(entry.inputs),
                    entry.rows_in,
                    entry.rows_out,
                    entry.quarantined,
                    outcome,
                    message,
                    entry.run_id,
                ],
            )
    except PrichalError:
        if outcome == "done":
            raise  # a failed step keeps its own reason, which may well be that PostgreSQL is gone

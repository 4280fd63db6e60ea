"""Clean-up after killed steps: close their rows and MLflow runs, remove their folders."""

from datetime import UTC, datetime

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from jobs.runtime.context import Context
from stack.folders.owners import remove, remove_abandoned
from stack.locks import GRANTED_LOCKS_SQL
from stack.postgres import connect

MESSAGE = "killed: its process is gone"
#: MLflow tag of a run that was closed by a later step.
TAG = "prichal.killed"
#: deepest level of partial folders below the project's folder of the lake.
DEPTH = 4


def clean_up_after_killed_runs(context: Context, step: str) -> None:
    """Close the runs of the project whose processes are gone, remove their folders, and print one line about it."""
    closed = _close_rows(context)
    refused_ids = [run_id for run_id, _, _ in closed if not _close_in_mlflow(run_id)]
    removed = _remove_folders(context, [run_id for run_id, _, _ in closed])
    if closed or removed:
        names = ", ".join(f"{name} since {when.astimezone(UTC):%Y-%m-%d %H:%M} UTC" for _, name, when in closed)
        refused = f"; MLflow does not let us close {', '.join(refused_ids)}" if refused_ids else ""
        context.say(
            f"{step} · killed runs closed: {len(closed)}{f' ({names})' if names else ''}, "
            f"folders removed that killed processes left: {removed}{refused}"
        )


def _close_rows(context: Context) -> list[tuple[str, str, datetime]]:
    """Close the running rows whose lock no process holds; returns run, step and start of each."""
    query = (
        f"with held as materialized ({GRANTED_LOCKS_SQL}) "
        "update ops.runs set outcome = 'failed', finished_at = now(), message = %s "
        "where project = %s and outcome = 'running' "
        "and hashtextextended('prichal.run.' || run_id, 0) not in (select key from held) "
        "returning run_id, step, started_at"
    )
    with connect(context.settings.require_database(), role="prichal_writer") as connection:
        rows = connection.execute(query, [MESSAGE, context.project.name]).fetchall()
    return sorted(rows, key=lambda row: row[2])


def _close_in_mlflow(run_id: str) -> bool:
    """Close an MLflow run and the runs nested in it; False if MLflow does not allow it."""
    client = MlflowClient()
    try:
        for run in _with_nested(client, client.get_run(run_id)):
            if run.info.status == "RUNNING":
                client.set_tag(run.info.run_id, TAG, f"{MESSAGE}; closed on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
                client.set_terminated(run.info.run_id, "KILLED")
    except MlflowException as error:
        if error.error_code == "PERMISSION_DENIED":
            return False
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":  # the run was deleted permanently
            raise
    return True


def _with_nested(client: MlflowClient, run: Run) -> list[Run]:
    children = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{run.info.run_id}'"
    child_runs = client.search_runs([run.info.experiment_id], children)
    return [run, *(nested for child in child_runs for nested in _with_nested(client, child))]


def _remove_folders(context: Context, run_ids: list[str]) -> int:
    """Remove the partial, temporary and score folders of processes that are gone; returns their number."""
    lake, state = context.settings.lake / context.project.name, context.settings.state
    partial = [path for depth in range(DEPTH) for path in lake.glob("*/" * depth + "*.partial")]
    partial += [path for name in ("raw", "truth") for path in (state / name).glob("*.partial")]
    scores = [path for run_id in run_ids for path in lake.glob(f"scores/*/*/run={run_id}")]
    for path in scores:
        remove(path)
    return len(scores) + remove_abandoned([*partial, *(state / "tmp").glob("*")])

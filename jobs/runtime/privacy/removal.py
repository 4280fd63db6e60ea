"""Remove what is older than the project's retention, and nothing that a kept day or version needs."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from features.erasure import stored_dates
from jobs.runtime.actions.response_models import model_names
from jobs.runtime.context import Context
from jobs.runtime.privacy.erased_people import ADMINISTRATOR
from jobs.runtime.step_locks import hold_lake
from registry.ledger.history import history
from serving import published_dates, published_versions
from stack.folders.owners import remove
from stack.lock_waits import retry_while_blocked
from stack.postgres import connect


@dataclass(frozen=True)
class RemovedItems:
    """What was removed of one kind: how many, and bytes of files (0 for rows)."""

    kind: str
    age_days: int
    count: int
    size_bytes: int = 0


def remove_old(context: Context) -> list[RemovedItems]:
    """Remove everything that is older than declared.

    Raises:
        BusyError: another step reads the lake.
        BlockedError: another session holds a lock on the scores for 45 s.
    """
    retention = context.project.retention
    with hold_lake(context):
        dates = published_dates(context.settings.require_database(), context.project.mart)
        latest = max(dates, default=context.snapshots.latest)
        removed = _remove_rows(context, latest)
        kept_dates = set(published_dates(context.settings.require_database(), context.project.mart))
        removed.append(_remove_snapshots(context, latest, kept_dates))
        folder = context.settings.lake / context.project.name
        logged = [path for path in folder.glob("logged/*") if _is_before(path.stem, latest, retention.logged_days)]
        removed.append(_remove_paths("days of logged features", retention.logged_days, logged))
        scores = [
            path
            for path in folder.glob("scores/*/score_date=*")
            if _is_before(path.name.removeprefix("score_date="), latest, retention.score_files_days)
        ]
        removed.append(_remove_paths("score files", retention.score_files_days, scores))
        oldest_at = time.time() - retention.quarantine_days * 86400
        refused = [path for path in folder.glob("quarantine/*/*") if path.stat().st_mtime < oldest_at]
        removed.append(_remove_paths("folders of quarantine", retention.quarantine_days, refused))
    removed.append(_remove_versions(context))
    return removed


def removal_table(removed: Iterable[RemovedItems]) -> str:
    """The removed items as a table of text.

    >>> print(removal_table([RemovedItems("snapshots", 90, 2, 2_500_000)]))
    kind       older than  removed     MB
    snapshots     90 days        2    2.5
    """
    rows = [
        (item.kind, f"{item.age_days} days", f"{item.count:,}", f"{item.size_bytes / 1e6:,.1f}") for item in removed
    ]
    width = max([4, *(len(row[0]) for row in rows)])
    lines = [("kind", "older than", "removed", "MB"), *rows]
    return "\n".join(f"{kind:<{width}}  {age:>10}  {count:>7}  {size:>5}" for kind, age, count, size in lines)


def _remove_rows(context: Context, latest: date) -> list[RemovedItems]:
    retention, url = context.project.retention, context.settings.require_database()
    values = [
        context.project.name, context.project.mart.table, latest - timedelta(days=retention.scores_days),
        datetime.now(UTC) - timedelta(days=retention.runs_days),
    ]  # fmt: skip
    with connect(url, role=ADMINISTRATOR) as connection:
        row = retry_while_blocked(
            connection, url, f"Removing old days of mart.{context.project.mart.table}",
            lambda: connection.execute("select ops.remove_old_rows(%s, %s, %s, %s)", values).fetchone(),
        )  # fmt: skip
    counts: dict[str, int] = row[0] if row else {}
    return [
        RemovedItems(kind, retention.runs_days if kind == "runs" else retention.scores_days, count)
        for kind, count in counts.items()
    ]


def _remove_snapshots(context: Context, latest: date, kept_dates: set[date]) -> RemovedItems:
    """Snapshots that no training needs; a replaced one stays as long as the scores that were computed from it."""
    snapshots, days = context.unpinned_snapshots(), context.project.retention.snapshots_days
    needed = {*context.grid(snapshots.latest), snapshots.latest}
    paths = []
    for day in stored_dates(snapshots.folder):
        if day >= latest - timedelta(days=days):
            continue
        current = snapshots.path(day)
        for path in (snapshots.folder / f"as_of={day}").iterdir():
            is_needed = day in needed if path == current else day in kept_dates
            if not is_needed:
                paths.append(path)
    removed = _remove_paths("snapshots", days, paths)
    for path in snapshots.folder.glob("as_of=*"):
        if not any(path.iterdir()):
            path.rmdir()
    return removed


def _remove_versions(context: Context) -> RemovedItems:
    """Registered versions that were never promoted, have no alias, and computed no kept score."""
    days, url, client = context.project.retention.versions_days, context.settings.require_database(), MlflowClient()
    oldest_at = (time.time() - days * 86400) * 1000
    count = 0
    for model in model_names(context, "all"):
        promoted = {str(row.version) for row in history(url, [model]) if row.act in {"promote", "approve", "rollback"}}
        scored = {version for _, version in published_versions(url, context.project.mart, model)}
        for version in client.search_model_versions(f"name = '{model}'"):
            is_used = version.aliases or {str(version.version)} & (promoted | scored)
            if not is_used and version.creation_timestamp < oldest_at:
                try:
                    client.delete_model_version(model, str(version.version))
                except MlflowException as error:
                    if error.error_code != "PERMISSION_DENIED":
                        raise
                    context.say(f"tidy · MLflow does not let us delete version {version.version} of {model}")
                    continue
                count += 1
    return RemovedItems("versions never promoted", days, count)


def _is_before(text: str, latest: date, days: int) -> bool:
    try:
        return date.fromisoformat(text) < latest - timedelta(days=days)
    except ValueError:
        return False


def _remove_paths(kind: str, days: int, paths: Iterable[Path]) -> RemovedItems:
    count, size = 0, 0
    for path in paths:
        files = path.rglob("*") if path.is_dir() else [path]
        size += sum(file.stat().st_size for file in files if file.is_file())
        remove(path)
        count += 1
    return RemovedItems(kind, days, count, size)

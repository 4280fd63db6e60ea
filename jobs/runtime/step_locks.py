"""Locks between steps, and the error of a step that another process excludes (docs/running.md)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from jobs.runtime.actions.response_models import group_names
from jobs.runtime.context import Context
from stack.folders.backup import STEPS_LOCK
from stack.locks import GRANTED_LOCKS_SQL, BusyError, Locks
from stack.postgres import connect

#: steps that `main` runs: it takes their locks.
STEPS_OF_MAIN = (
    "sample", "ingest", "rollups", "features", "train", "uplift", "promote", "score", "monitor", "lift", "assign",
    "target", "deliver", "feedback",
)  # fmt: skip
#: steps that take the locks of all these.
EXCLUSIVE_STEPS = ("main", "forget", "tidy")
#: steps that may run in parallel for different populations.
STEPS_BY_POPULATION = ("train", "promote", "approve", "reject", "rollback")
#: seconds to wait for the removal of outdated folders, which is fast, and for snapshots, which may take long.
READ_SECONDS, MAKE_SECONDS = 120, 3600


class StepRunningError(BusyError):
    """Another process runs the same step of the same project."""


@contextmanager
def hold_step(context: Context, step: str, parameters: Mapping[str, str]) -> Iterator[bool]:
    """Hold the locks of a step; yields whether it is the outermost step of this process.

    The outermost step holds all locks of its process until it ends, and reads one state of the lake.

    Raises:
        StepRunningError: another process runs the same step of the project.
    """
    outermost = context.locks is None
    locks = context.locks = context.locks or Locks(context.settings.require_database())
    try:
        if outermost and not locks.wait(STEPS_LOCK, READ_SECONDS, shared=True):
            raise BusyError(
                "A backup has been running for more than two minutes: wait until it is complete, then run the step "
                "again."
            )
        for lock, words in _step_locks(context, step, parameters).items():
            if not locks.acquire(lock):
                raise StepRunningError(_describe_holder(context, locks, lock, words))
        if outermost and not locks.wait(_lake_lock(context), READ_SECONDS, shared=True):
            raise BusyError(_lake_busy(context))
        with context.one_state_of_the_lake(partial(_hold_making, context, locks)):
            yield outermost
    finally:
        if outermost:
            context.locks = None
            locks.close()


def hold_run(context: Context, run_id: str) -> None:
    """Lock an MLflow run while its step is alive; a running row of `ops.runs` without it was killed."""
    assert context.locks is not None  # noqa: S101  # a run belongs to a step, which holds them
    context.locks.acquire(f"prichal.run.{run_id}")


def check_locks(context: Context) -> None:
    """Check that the step still holds its locks.

    Raises:
        LostLocksError: PostgreSQL has closed their connection.
    """
    assert context.locks is not None  # noqa: S101  # called within a step
    context.locks.check()


def remove_outdated(context: Context) -> None:
    """Remove the folders of the lake that were replaced, unless another step reads them; a later step then does."""
    assert context.locks is not None  # noqa: S101  # called by the step that holds them
    with context.locks.exclusive(_lake_lock(context)) as nobody_reads:
        if nobody_reads:
            context.remove_outdated()


@contextmanager
def hold_lake(context: Context) -> Iterator[None]:
    """Hold the lake of the project alone, to rewrite or remove folders that are in use.

    Raises:
        BusyError: another step reads it.
    """
    assert context.locks is not None  # noqa: S101  # called by the step that holds them
    with context.locks.exclusive(_lake_lock(context)) as nobody_reads:
        if not nobody_reads:
            raise BusyError(
                f"Another step of project {context.project.name} reads its lake: wait until it has ended, then run the "
                "step again."
            )
        yield


def _lake_lock(context: Context) -> str:
    """The lock that steps share while they read the project's lake; removing folders takes it exclusively."""
    return f"prichal.lake.{context.project.name}"


def _step_locks(context: Context, step: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Name of each lock that the step takes, with its description for errors."""
    if step in EXCLUSIVE_STEPS:
        whole = {"population": "all"}
        parts = [_step_locks(context, nested_step, whole) for nested_step in STEPS_OF_MAIN]
        return {f"prichal.step.{context.project.name}.{step}": f"Step {step}"} | {
            lock: words for part in parts for lock, words in part.items()
        }
    if step not in STEPS_BY_POPULATION:
        return {f"prichal.step.{context.project.name}.{step}": f"Step {step}"}
    return {
        f"prichal.step.{context.project.name}.{step}.{name}": f"Step {step} of {name}"
        for name in group_names(context, parameters["population"])
    }


@contextmanager
def _hold_making(context: Context, locks: Locks) -> Iterator[None]:
    """Let one process at a time build snapshots of the project; the next one waits."""
    lock = f"prichal.snapshots.{context.project.name}"
    if not locks.acquire(lock):
        context.say(f"snapshots · another step builds snapshots of {context.project.name} now; waiting")
        if not locks.wait(lock, MAKE_SECONDS):
            raise BusyError(_describe_holder(context, locks, lock, "Making snapshots"))
    try:
        yield
    finally:
        locks.release(lock)


def _describe_holder(context: Context, locks: Locks, lock: str, words: str) -> str:
    """The error sentence: the process that holds the lock, its start, and what to do."""
    project, session = context.project.name, locks.find_holder(lock)
    query = (
        f"select step, started_at, run_id from ops.runs join ({GRANTED_LOCKS_SQL}) as held "
        "on held.key = hashtextextended('prichal.run.' || run_id, 0) "
        "where held.pid = %s and outcome = 'running' order by started_at limit 1"
    )
    with connect(context.settings.require_database()) as connection:
        row = connection.execute(query, [session]).fetchone()
    holder = _words_of(*row) if row else "a process that has just begun or just ended"
    return (
        f"{words} of project {project} is running already, by {holder}: wait until it has ended or stop it, "
        "then run the step again."
    )


def _words_of(step: str, started_at: datetime, run_id: str) -> str:
    return f"step {step} since {started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC (MLflow run {run_id})"


def _lake_busy(context: Context) -> str:
    return (
        f"Outdated folders of the lake of project {context.project.name} have been removed by another process for more "
        f"than {READ_SECONDS} s: see what it waits for, then run the step again."
    )

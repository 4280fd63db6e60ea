"""Two steps at once, and steps whose starter was killed: one sentence for the second, nothing half done by either."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import psutil
import psycopg
import pytest

from jobs.runtime.context import Context
from jobs.runtime.step_locks import (
    StepRunningError,
    check_locks,
    hold_step,
    remove_outdated,
)
from projects import load_project
from serving import Mart, PopulationScores, ScoreFiles, publish
from serving.publish import PublishError
from stack.folders.atomic import sha256_of_files
from stack.locks import Locks, LostLocksError
from stack.settings import Settings
from tests.end_to_end.conftest import Clone
from tests.end_to_end.in_process import refusal
from tests.end_to_end.test_rerun import wait_for
from tests.unit.builders import publish as publish_table

PUBLISHING = (
    "select count(*) from pg_locks join pg_stat_activity using (pid) where not granted and query like 'delete from%'"
)
NEWEST = "select run_id, outcome, message from ops.runs where step = %s order by started_at desc limit 1"


def context_of(clone: Clone, project: str, lake: Path | None = None) -> Context:
    """Another process's surroundings: each context has a connection, and so locks, of its own."""
    settings = Settings.load(clone.environment)
    return Context(settings.model_copy(update={"lake": lake or settings.lake}), load_project(project))


@contextmanager
def holding(context: Context, step: str, population: str = "all") -> Iterator[Context]:
    """A step of that context runs."""
    with hold_step(context, step, {"population": population}):
        yield context


def test_the_second_step_ends_with_a_sentence_and_the_first_continues(clone: Clone, morning: object) -> None:
    """A reader's lock holds the first `score` in the middle of its publication, while others come."""
    before = clone.mart()
    with psycopg.connect(clone.url) as holder:
        holder.execute("lock table mart.cdnow_scores in share mode")
        process = clone.start("python", "-m", "jobs.score", "--project", "cdnow")
        try:
            wait_for(lambda: clone.rows(PUBLISHING) == [(1,)], process)
            (run_id, _, _) = clone.rows(NEWEST, "score")[0]
            files = sorted((clone.lake / "cdnow" / "scores").rglob("*"))
            for module in ("jobs.score", "jobs.main"):  # the first may wait for 45 s, then it ends
                sentence = refusal(clone, module)
                assert "Step score of project cdnow is running already, by step score since 20" in sentence
                assert f"(MLflow run {run_id}): wait until it has ended or stop it" in sentence
            # Another step may run; it closes what was killed, and this was not.
            assert "no version to roll back to" in refusal(clone, "jobs.rollback", "--reason=odd scores")
            assert clone.rows(NEWEST, "score")[0][1] == "running"
            assert sorted((clone.lake / "cdnow" / "scores").rglob("*")) == files
        finally:
            holder.rollback()
            assert process.wait(60) == 0, "the first was disturbed"
    assert clone.mart() == before
    assert clone.rows(NEWEST, "score") == [(run_id, "done", None)]
    (published,) = (clone.lake / "cdnow" / "scores" / "active" / "score_date=1998-07-01").iterdir()
    assert published.name == f"run={run_id}", "each run has a folder of its own, and only the published one stays"


def test_a_step_ends_when_the_mlflow_run_that_started_it_is_killed(clone: Clone, morning: object) -> None:
    before, folder = clone.mart(), clone.lake / "cdnow" / "scores" / "active" / "score_date=1998-07-01"
    options = ["--env-manager", "local", "--experiment-name", "cdnow", "-e", "score", "-P", "project=cdnow"]
    command = clone.start("mlflow", "run", ".", *options)
    wait_for(lambda: any(folder.glob("*.partial")), command)
    family = psutil.Process(command.pid).children(recursive=True)
    assert any("java" in process.name() for process in family)
    os.kill(command.pid, signal.SIGKILL)  # the command alone
    command.wait()
    _, left = psutil.wait_procs(family, timeout=10)
    # A zombie has ended; a busy system may take longer to remove it.
    running = [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert running == [], "the step, its Java or its workers went on"
    assert clone.mart() == before
    _, outcome, message = clone.rows(NEWEST, "score")[0]
    assert outcome == "failed"
    assert "the command that started it has ended" in str(message)
    assert not list((clone.state / "tmp").iterdir()), "its temporary folder was left"


def test_scores_that_were_swapped_before_they_are_published_are_refused(clone: Clone, tmp_path: Path) -> None:
    mart, day = Mart("swapped_scores", "user_id"), date(1998, 7, 1)
    rows = pd.DataFrame({"user_id": range(20), "churn_probability": 0.5, **dict.fromkeys(
        ("reason_1", "reason_2", "reason_3"), "tenure")})  # fmt: skip
    folder = tmp_path / "scores"
    folder.mkdir()
    rows.to_parquet(folder / "part.parquet")
    scored = ScoreFiles(folder, len(rows), 0.0, sha256_of_files(folder, "*.parquet"))
    part = PopulationScores("all", scored, "shop_churn", "1", day, scored.rows)
    assert publish(clone.url, mart, day, [part]) == 20
    rows.assign(user_id=range(100, 120)).to_parquet(folder / "part.parquet")
    with pytest.raises(PublishError, match=r"part\.parquet has another content.*nothing was published"):
        publish(clone.url, mart, day, [part])
    rows.to_parquet(folder / "part.parquet")
    rows.assign(user_id=range(100, 120)).to_parquet(folder / "more.parquet")
    with pytest.raises(PublishError, match="it has 2 files, 1 were written"):
        publish(clone.url, mart, day, [part])
    assert clone.rows("select count(*), max(user_id) from mart.swapped_scores") == [(20, 19)]


def test_different_steps_and_populations_run_at_the_same_time(clone: Clone) -> None:
    with ExitStack() as running:
        running.enter_context(holding(context_of(clone, "churn"), "train", "trial"))
        running.enter_context(holding(context_of(clone, "churn"), "train", "paid"))
        running.enter_context(holding(context_of(clone, "churn"), "score"))
        running.enter_context(holding(context_of(clone, "cdnow"), "score"))
        for step, population in (("train", "all"), ("train", "paid"), ("score", "all"), ("main", "all")):
            with (
                pytest.raises(StepRunningError, match=r"Step (train of trial|train of paid|score) of project churn"),
                holding(context_of(clone, "churn"), step, population),
            ):
                pass
    with holding(context_of(clone, "churn"), "main") as context, holding(context, "score"):
        pass  # `main` does not lock itself out, and what has ended is free


def test_replaced_folders_stay_while_a_step_reads_them(clone: Clone, tmp_path: Path) -> None:
    reader, writer = context_of(clone, "cdnow", tmp_path), context_of(clone, "cdnow", tmp_path)
    table = writer.table("purchases")
    old = publish_table(table, "d1", "1997-01-01", "1998-07-01")
    with holding(writer, "ingest"):
        with holding(reader, "features"):
            new = publish_table(table, "d2", "1997-01-01", "1998-08-01")
            remove_outdated(writer)
            assert old.exists()
            assert reader.snapshots.tables["purchases"].require().digest == "d1"
        remove_outdated(writer)
    assert not old.exists()
    assert new.exists()


def test_a_step_that_has_lost_its_locks_does_not_publish(clone: Clone) -> None:
    with holding(context_of(clone, "cdnow"), "score") as context:
        check_locks(context)
        session = Locks(clone.url).find_holder("prichal.step.cdnow.score")
        assert clone.rows("select pg_terminate_backend(%s)", session) == [(True,)]
        with pytest.raises(LostLocksError, match="nothing more was published; run the step again"):
            check_locks(context)

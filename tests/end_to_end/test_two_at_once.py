"""Two processes that want the same step, a command that is killed, and scores that somebody swaps."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import psutil
import psycopg
import pytest

from serving import Mart, Published, Scored, publish
from serving.publish import PublishError
from stack.errors import PrichalError
from stack.files import sha256_of_files
from stack.locks import Locks
from tests.end_to_end.conftest import Clone
from tests.end_to_end.test_again import wait_for
from tests.unit.builders import is_one_sentence

SCORE = ("python", "-m", "jobs.score", "--project", "cdnow")
DAY = date(2026, 3, 1)
#: publications that wait for a lock on the mart.
WAITING = (
    "select count(*) from pg_locks join pg_stat_activity using (pid) where not granted and query like 'delete from%'"
)


@contextmanager
def held_in_its_publication(clone: Clone, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that has scored and waits in the middle of its publication until the block ends."""
    with psycopg.connect(clone.url) as holder:
        holder.execute("lock table mart.cdnow_scores in share mode")
        process = clone.start(*command)
        wait_for(lambda: clone.rows(WAITING) == [(1,)], process)
        yield process


def last_score(clone: Clone) -> tuple[object, ...]:
    query = "select outcome, message from ops.runs where step = 'score' order by started_at desc limit 1"
    return clone.rows(query)[0]


def test_who_comes_second_is_told_and_the_first_goes_on(clone: Clone, morning: object) -> None:
    before = clone.mart()
    with held_in_its_publication(clone, *SCORE) as first:
        second = clone.run(*SCORE)
        other_step = clone.run("python", "-m", "jobs.features", "--project", "cdnow")
        assert last_score(clone) == ("running", None), "a step that is alive was closed by another one"
    assert first.wait(60) == 0
    assert second.returncode == 2
    assert is_one_sentence(PrichalError(second.stderr.removeprefix("prichal: ").strip()))
    assert re.search(
        r"Step score of project cdnow is running already, by step score since [\d-]+ [\d:]+ UTC \(MLflow run \w{32}\)",
        second.stderr,
    )
    assert other_step.returncode == 0, other_step.stderr
    assert last_score(clone) == ("done", None)
    assert clone.mart() == before


def test_a_step_ends_with_the_mlflow_run_that_started_it(clone: Clone, morning: object) -> None:
    before = clone.rows("select * from mart.cdnow_scores order by 1, 2")
    command = ("mlflow", "run", ".", "--env-manager", "local", "--experiment-name", "cdnow", "-e", "score")
    with held_in_its_publication(clone, *command, "-P", "project=cdnow") as process:
        below = psutil.Process(process.pid).children(recursive=True)
        assert any("jobs.score" in " ".join(one.cmdline()) for one in below)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        _, alive = psutil.wait_procs(below, timeout=20)
        assert alive == [], "the step, its Java or its workers went on without the command"
    assert clone.rows("select * from mart.cdnow_scores order by 1, 2") == before
    outcome, message = last_score(clone)
    assert outcome == "failed"
    assert "the command that started it is gone" in str(message)
    assert not list((clone.state / "tmp").iterdir())


def test_files_that_an_ingest_replaced_stay_while_another_step_may_read_them(clone: Clone, morning: object) -> None:
    table = clone.lake / "cdnow" / "tables" / "purchases"
    outdated = table / "months" / "1997-01" / "outdated"
    outdated.mkdir()
    step = ("python", "-m", "jobs.features", "--project", "cdnow")
    reader = Locks(clone.url)
    try:
        assert reader.take("prichal.lake.cdnow", shared=True)
        assert clone.run(*step).returncode == 0
        assert outdated.exists(), "a reader may still need it"
    finally:
        reader.close()
    assert clone.run(*step).returncode == 0
    assert not outdated.exists()


@pytest.mark.parametrize("attack", ["another file", "one file more", "a file is gone"])
def test_scores_that_were_swapped_after_their_check_are_not_published(
    clone: Clone, tmp_path: Path, attack: str
) -> None:
    mart = Mart(f"swapped_{attack.replace(' ', '_')}", "customer_id")
    rows = pd.DataFrame({"customer_id": range(20), "churn_probability": 0.5})
    for place in (1, 2, 3):
        rows[f"reason_{place}"] = pd.Series([None] * len(rows), dtype="string")
    for name in ("a", "b"):
        rows[rows["customer_id"] % 2 == (name == "b")].to_parquet(tmp_path / f"{name}.parquet")
    scored = Scored(tmp_path, len(rows), 0.0, sha256_of_files(tmp_path, "*.parquet"))
    part = Published("active", scored, "model", "1", DAY)
    if attack == "a file is gone":
        (tmp_path / "a.parquet").unlink()
    else:
        other = rows.assign(customer_id=rows["customer_id"] + 1000)
        other.to_parquet(tmp_path / ("a.parquet" if attack == "another file" else "c.parquet"))
    with pytest.raises(PublishError, match="are not those that were written and checked") as caught:
        publish(clone.url, mart, DAY, [part])
    assert is_one_sentence(caught.value)
    assert clone.rows(f"select count(*) from mart.{mart.table}") == [(0,)]

"""Run again, undisturbed, after a kill or with a version that broke: the same mart."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import mlflow
import psycopg
from mlflow import MlflowClient

from tests.end_to_end.conftest import Clone
from tests.end_to_end.in_process import refusal, run_here
from tests.end_to_end.proposals import move_aliases


def wait_for(condition: Callable[[], bool], process: object, seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the step ended before it could be killed"  # type: ignore[attr-defined]
        assert time.monotonic() < deadline, "the step did not get as far as it should be killed at"
        time.sleep(0.02)


def test_a_second_run_gives_the_same_mart(clone: Clone, morning: object) -> None:
    before, versions = clone.mart(), clone.rows("select count(*) from ops.promotions where act = 'promote'")
    rerun = run_here(clone, "jobs.main", "--trials", "1")
    assert rerun.returncode == 0, rerun.stdout + rerun.stderr
    assert "has the same data, code and settings; nothing to fit" in rerun.stdout
    assert clone.mart() == before
    assert clone.rows("select count(*) from ops.promotions where act = 'promote'") == versions


def test_a_run_killed_while_scoring_and_publishing_can_be_repeated(
    clone: Clone, morning: object, tmp_path: Path
) -> None:
    """First Python alone is killed: its Java and workers may go on writing for a moment.

    Then a reader's lock holds the publication in the middle of its transaction; there it is killed.
    """
    before = clone.mart()
    folder = clone.lake / "cdnow" / "scores" / "active"
    process = clone.start("python", "-m", "jobs.score", "--project", "cdnow")
    wait_for(lambda: any(folder.glob("score_date=1998-07-01/*.partial")), process)
    owner = next(folder.glob("score_date=1998-07-01/*.partial")).name.split(".")[-2]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (folder / "score_date=1998-03-01" / f"run=0.{owner}.partial").mkdir(parents=True)
    killed = [str(row[0]) for row in clone.rows("select run_id from ops.runs where outcome = 'running'")]
    client = MlflowClient(clone.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_run(killed[0]).info.experiment_id
    killed.append(client.create_run(experiment, tags={"mlflow.parentRunId": killed[0]}).info.run_id)
    assert (clone.state / "tmp" / owner).exists()
    assert clone.mart() == before, "a killed run published something"
    waiting = (
        "select count(*) from pg_locks join pg_stat_activity using (pid) "
        "where not granted and query like 'delete from%'"
    )
    with psycopg.connect(clone.url) as holder:
        holder.execute("lock table mart.cdnow_scores in share mode")
        process = clone.start("python", "-m", "jobs.score", "--project", "cdnow")
        wait_for(lambda: clone.rows(waiting) == [(1,)], process)
        os.kill(-process.pid, signal.SIGKILL)
        process.wait()
    assert clone.mart() == before, "a killed publication changed the mart"
    rerun = clone.run("python", "-m", "jobs.score", "--project", "cdnow", TMPDIR=str(tmp_path))
    assert rerun.returncode == 0, rerun.stderr
    assert clone.mart() == before
    assert "score · killed runs closed: 1 (score since " in rerun.stdout, "the first was closed by the second"
    assert not list(folder.rglob("*.partial")), "what the killed runs left was not cleaned up"
    assert not list((clone.state / "tmp").iterdir()), "temporary folders of killed runs were not cleaned up"
    assert not list(tmp_path.iterdir()), "temporary files of the run itself were left"
    outcomes = "select outcome, message from ops.runs where step = 'score' order by started_at"
    gone = ("failed", "killed: its process is gone")
    assert clone.rows(outcomes)[-3:] == [gone, gone, ("done", None)]
    closed = [client.get_run(run_id) for run_id in killed]
    assert [run.info.status for run in closed] == ["KILLED", "KILLED"], "with the run nested in it"
    assert all(gone[1] in run.data.tags["prichal.killed"] for run in closed)


def test_another_day_is_added_and_the_current_view_stays_with_the_latest(clone: Clone, morning: object) -> None:
    """A backfill of a day whose label has matured since is scored, measured and does not disturb today."""
    before = clone.mart()
    assert run_here(clone, "jobs.score", "--as-of", "1998-03-01").returncode == 0
    assert [row for row in clone.mart() if str(row[0]) == "1998-07-01"] == before
    assert clone.rows("select distinct score_date::text from mart.cdnow_scores_current") == [("1998-07-01",)]
    watched = run_here(clone, "jobs.monitor")
    assert watched.returncode == 0, watched.stderr
    rows, left, auc, low, high = clone.rows(
        "select rows, left_count, auc, auc_low, auc_high from ops.model_quality where score_date = '1998-03-01'"
    )[0]
    assert (rows, left) == (5937, 3485)
    assert 0.68 < float(str(low)) < float(str(auc)) < float(str(high)) < 0.77
    drift = dict(clone.rows("select feature, verdict from ops.drift where score_date = '1998-07-01'"))
    assert drift["purchases_days_since_first"] == "expected", (
        "the cohort only ages: tenure has moved, as it always does"
    )
    assert drift["purchases_days_since_last"] == "stable"
    clone.rows("delete from mart.cdnow_scores where score_date = '1998-03-01' returning 1")


def test_a_range_is_scored_day_by_day_and_gives_the_rows_of_single_days(clone: Clone, morning: object) -> None:
    before = clone.mart()
    assert run_here(clone, "jobs.score", "--as-of", "1998-03-01").returncode == 0
    single = [row for row in clone.mart() if str(row[0]) == "1998-03-01"]
    done = run_here(clone, "jobs.score", "--as-of", "1998-02-28..1998-03-01")
    assert done.returncode == 0, done.stderr
    assert [row for row in clone.mart() if str(row[0]) == "1998-03-01"] == single
    assert [row for row in clone.mart() if str(row[0]) == "1998-07-01"] == before
    runs = clone.rows("select parameters->>'as_of', outcome, rows_out from ops.runs where step = 'score' "
                      "order by started_at desc limit 3")  # fmt: skip
    counts = dict(clone.rows("select score_date::text, count(*) from mart.cdnow_scores group by 1"))
    assert runs == [
        ("1998-03-01", "done", counts["1998-03-01"]), ("1998-02-28", "done", counts["1998-02-28"]),
        ("1998-02-28..1998-03-01", "done", counts["1998-02-28"] + counts["1998-03-01"]),
    ]  # fmt: skip
    clone.rows("delete from mart.cdnow_scores where score_date < '1998-07-01' returning 1")
    for wrong, words in {
        "1998-03-01..1998-02-28": "has no date: write the earlier date first",
        "1998-03-01..": "is not a date",
    }.items():
        assert words in refusal(clone, "jobs.score", "--as-of", wrong)


def propose_broken(folder: Path) -> str:
    """What is in production, but for a card that names a column which is gone."""
    client = MlflowClient()
    inner = client.get_model_version_by_alias("cdnow_churn", "production")
    mlflow.artifacts.download_artifacts(f"models:/cdnow_churn/{inner.version}", dst_path=str(folder))
    card = folder / "artifacts" / "bundle" / "model.json"
    content = json.loads(card.read_text())
    content["features"][0]["name"] = "a column that is gone"
    card.write_text(json.dumps(content))
    with mlflow.start_run() as run:
        mlflow.log_dict(json.loads(mlflow.artifacts.load_text(f"runs:/{inner.run_id}/evidence.json")), "evidence.json")
        mlflow.log_artifacts(str(folder), "model")
    version = client.create_model_version("cdnow_churn", f"runs:/{run.info.run_id}/model", run.info.run_id)
    client.set_registered_model_alias("cdnow_churn", "challenger", version.version)
    return str(version.version)


def test_a_version_that_breaks_after_its_promotion_is_rolled_back_by_the_next_score(
    clone: Clone, morning: object, tmp_path: Path
) -> None:
    """What a broken distribution does is in test_canary.py, without Spark."""
    why = "a column that is gone"
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    mlflow.set_experiment("cdnow")
    client, before = MlflowClient(), clone.mart()
    sound = str(client.get_model_version_by_alias("cdnow_churn", "production").version)
    broken = propose_broken(tmp_path)
    try:
        move_aliases(clone, ["cdnow_churn"], "promote", broken, sound)
        assert client.get_model_version_by_alias("cdnow_churn", "production").version == broken
        scored = run_here(clone, "jobs.score")
        assert scored.returncode == 0, scored.stdout + scored.stderr
        assert f"cdnow_churn version {broken} was promoted before the ledger stored digests" in scored.stdout
        alert = next(line for line in scored.stdout.splitlines() if "ALERT" in line)
        assert f"Version {broken} of cdnow_churn is broken on 1998-07-01" in alert
        assert why in alert
        assert f"version {sound} is in production again and scored the day" in alert
        assert clone.mart() == before
        assert client.get_model_version_by_alias("cdnow_churn", "production").version == sound
        act, who, version, reason = clone.rows(
            "select act, who, version, reason from ops.promotions where act = 'rollback' order by id desc"
        )[0]
        assert (act, who, version) == ("rollback", "watch", sound)
        assert why in str(reason)
        newest = client.search_runs([client.get_experiment_by_name("cdnow").experiment_id], max_results=1)[0]
        assert why in newest.data.tags["prichal.watch.active"]
    finally:
        client.delete_model_version("cdnow_churn", broken)
        client.set_registered_model_alias("cdnow_churn", "challenger", sound)

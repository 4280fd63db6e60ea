"""The plan of a day in PostgreSQL: exploring people first, then the policy; one transaction, repeated without harm."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import psycopg
import pytest
from mlflow import MlflowClient

from actions.declare.plan import ActionPlan
from actions.policy.campaign_people import TargetError
from actions.policy.constraints import Floats
from actions.policy.effects import UpliftInProduction
from actions.policy.target import TargetedDay, target_day
from features import SnapshotSpec
from jobs.runtime.actions.target import log_plan
from serving import Mart, PopulationScores, ScoreFiles, publish
from stack.folders.atomic import sha256_of_files
from stack.postgres import connect
from tests.end_to_end.conftest import ROOT, Clone
from tests.unit.actions.plans import SPEC, plan
from tests.unit.builders import is_one_sentence

DAY = date(2026, 7, 1)
EXPLORERS, POLICY_PEOPLE = 10, 30
PROVEN = {"policy": {"surely_better": True, "sentence": "It is better."}}
UNPROVEN = {"policy": {"surely_better": False, "sentence": "It may be worse than contacting nobody."}}
#: a budget for the ten drawn actions and eight e-mails more.
PLAN = plan(daily_budget=10 * 22 + 8)
ALL_ACTIONS = ["email_none_1", "email_discount_2", "sms_discount_1"]


@dataclass(frozen=True)
class SnapshotFolder:
    """The snapshot of the day, as `target` reads it."""

    spec: SnapshotSpec
    folder: Path

    def path(self, _day: date) -> Path:
        return self.folder


@dataclass(frozen=True)
class Day:
    """A project of this test's own with a campaign, scores and a snapshot."""

    clone: Clone
    mart: Mart
    snapshots: SnapshotFolder

    @property
    def project(self) -> str:
        return self.snapshots.spec.project

    @property
    def campaign(self) -> str:
        return f"{self.project}-{DAY}"

    def target(
        self, evidence: dict[str, Any] | None, actions: ActionPlan = PLAN, effect: float = 0.1, day: date = DAY
    ) -> TargetedDay:
        def predict(batches: Iterable[pd.DataFrame]) -> Floats:
            rows = sum(len(batch) for batch in batches)
            return np.tile([effect, 0.0, -0.1], (rows, 1))

        uplift = None if evidence is None else UpliftInProduction("7", evidence, predict)
        snapshots: Any = self.snapshots
        return target_day(actions, snapshots, day, self.mart, self.clone.url, uplift, "There is no version.")

    def plan_rows(self) -> list[tuple[object, ...]]:
        return self.clone.rows(
            "select score_date, user_id, population, campaign, arm, action, channel, offer, contacts, expected_effect, "
            f"expected_gain, cost, policy_version from mart.{self.mart.actions_table} order by user_id"
        )

    def recommendations(self) -> dict[object, tuple[object, ...]]:
        rows = self.clone.rows(f"select user_id, recommended_channel, recommended_offer from mart.{self.mart.table}")
        return {row[0]: row[1:] for row in rows}

    def prices(self) -> list[tuple[object, ...]]:
        return self.clone.rows(
            "select constraint_name, price, used, allowed from ops.constraint_prices where project = %s order by 1",
            self.project,
        )

    def execute(self, statement: str, *values: object) -> None:
        with connect(self.clone.url, role="prichal_writer") as connection:
            connection.execute(statement, values)  # type: ignore[call-overload]


@pytest.fixture
def day(clone: Clone, tmp_path: Path) -> Day:
    """Ten exploring people with `email_discount_2`, thirty of the policy, two of control, one without a campaign."""
    project = f"shop{uuid.uuid4().hex[:8]}"
    snapshots = SnapshotFolder(replace(SPEC, project=project), tmp_path / "snapshot")
    prepared = Day(clone, Mart(f"{project}_scores", "user_id", "text"), snapshots)
    groups = ["explore"] * EXPLORERS + ["policy"] * POLICY_PEOPLE + ["control"] * 2
    keys = [*(f"u{number:02d}" for number in range(len(groups))), "x"]
    publish_scores(prepared, keys, tmp_path)
    prepared.snapshots.folder.mkdir()
    frame = pd.DataFrame({"user_id": keys, "population": "active", "visits": 1.0})
    frame.to_parquet(prepared.snapshots.folder / "part.parquet")
    assign(prepared, dict(zip(keys, groups, strict=False)))
    return prepared


def publish_scores(day: Day, keys: list[str], folder: Path) -> None:
    rows = pd.DataFrame({"user_id": pd.Series(keys, dtype="string"), "churn_probability": 0.5})
    for place in (1, 2, 3):
        rows[f"reason_{place}"] = pd.Series([None] * len(rows), dtype="string")
    scores = folder / "scores"
    scores.mkdir()
    rows.to_parquet(scores / "part.parquet")
    files = ScoreFiles(scores, len(rows), 0.0, sha256_of_files(scores, "*.parquet"))
    part = PopulationScores("active", files, "shop_churn", "1", DAY + timedelta(30), len(rows))
    publish(day.clone.url, day.mart, DAY, [part])


def assign(day: Day, groups: dict[str, str], campaign_day: date = DAY) -> None:
    salt, share, campaign = f"salt of {day.project}", 1e-12, f"{day.project}-{campaign_day}"
    with connect(day.clone.url, role="prichal_writer") as connection:
        connection.execute(
            "insert into ops.global_controls (project, salt, share) values (%s, %s, %s) on conflict do nothing",
            [day.project, salt, share],
        )
        connection.execute(
            "insert into ops.campaigns (project, campaign, starts_on, design) values (%s, %s, %s, '{}')",
            [day.project, campaign, campaign_day],
        )
        for entity, group in groups.items():
            connection.execute(
                "insert into ops.assignments (project, campaign, entity, arm, action, probability, allowed_actions, "
                "salt, global_share) values (%s, %s, %s, %s, %s, 0.3, %s, %s, %s)",
                [day.project, campaign, entity, group, "email_discount_2" if group == "explore" else None, ALL_ACTIONS,
                 salt, share],
            )  # fmt: skip


def queue_contact(day: Day, campaign: str, entity: str, contact: int, planned_for: date, state: str) -> None:
    is_sent = state != "pending"
    day.execute(
        "insert into ops.outbox (project, campaign, entity, arm, action, channel, offer, contact, score_date, "
        "planned_for, platform, state, sent_at, answered_at, idempotency_key) values (%s, %s, %s, "
        "(select arm from ops.assignments where project = %s and campaign = %s and entity = %s), "
        "'email_none_1', 'email', 'none', %s, %s, %s, 'csv', %s, %s, %s, %s)",
        day.project, campaign, entity, day.project, campaign, entity, contact, planned_for, planned_for,
        state,
        planned_for if is_sent else None, planned_for if state == "accepted" else None, uuid.uuid4().hex,
    )  # fmt: skip


def test_exploring_people_come_first_and_the_policy_spends_what_is_left(day: Day) -> None:
    targeted = day.target(PROVEN)
    rows = day.plan_rows()
    explore, policy = ([row for row in rows if row[4] == group] for group in ("explore", "policy"))
    assert [row[1] for row in explore] == [f"u{number:02d}" for number in range(EXPLORERS)]
    assert {row[5:] for row in explore} == {("email_discount_2", "email", "discount", 2, 0.0, -22.0, 22.0, "7")}
    assert len(policy) == 8
    assert {row[5:] for row in policy} == {("email_none_1", "email", "none", 1, 0.1, 99.0, 1.0, "7")}
    assert {row[:1] + row[2:4] for row in rows} == {(DAY, "active", day.campaign)}
    assert (targeted.rows, targeted.cost, targeted.expected_gain) == (18, 228.0, pytest.approx(8 * 99.0))
    assert targeted.counts["policy"] == {"email_none_1": 8, "email_discount_2": 0, "sms_discount_1": 0}


def test_the_mart_recommends_the_policys_actions_only(day: Day) -> None:
    day.target(PROVEN)
    chosen = {row[1] for row in day.plan_rows() if row[4] == "policy"}
    recommended = day.recommendations()
    assert {key for key, values in recommended.items() if values == ("email", "none")} == chosen
    assert {values for key, values in recommended.items() if key not in chosen} == {(None, None)}


def test_the_prices_of_the_constraints_are_stored(day: Day) -> None:
    """One more ruble buys one more e-mail, which gains 99."""
    targeted = day.target(PROVEN)
    assert day.prices() == [
        ("budget", pytest.approx(99.0, rel=1e-3), 228.0, 228.0),
        ("channel sms", 0.0, 0.0, 1_000.0),
    ]
    assert [row["constraint"] for row in targeted.prices()] == ["budget", "channel sms"]


def test_a_second_run_gives_the_same_plan(day: Day) -> None:
    first = day.target(PROVEN)
    state = day.plan_rows(), day.recommendations(), day.prices()
    second = day.target(PROVEN)
    assert (day.plan_rows(), day.recommendations(), day.prices()) == state
    assert second.sentence == first.sentence


def test_contacts_already_queued_for_the_campaign_do_not_change_a_second_run(day: Day) -> None:
    day.target(PROVEN)
    before = day.plan_rows()
    for row in before:
        for contact in range(1, 6):
            queue_contact(day, day.campaign, str(row[1]), contact, DAY, "accepted")
    day.target(PROVEN)
    assert day.plan_rows() == before


def test_a_refused_policy_leaves_nulls_says_why_and_explorers_still_go_out(day: Day) -> None:
    day.target(PROVEN)
    targeted = day.target(UNPROVEN)
    rows = day.plan_rows()
    assert {row[4] for row in rows} == {"explore"}
    assert len(rows) == EXPLORERS
    assert {row[12] for row in rows} == {"explore only"}
    assert set(day.recommendations().values()) == {(None, None)}
    assert day.prices() == []
    assert targeted.sentence.endswith("The policy of version 7 is not used. It may be worse than contacting nobody.")


def test_without_a_response_model_explorers_alone_go_out(day: Day) -> None:
    targeted = day.target(None)
    assert {row[4:] for row in day.plan_rows()} == {
        ("explore", "email_discount_2", "email", "discount", 2, None, None, 22.0, "explore only")
    }
    assert targeted.sentence.endswith("There is no version.")


def test_explorers_beyond_the_budget_are_withheld_and_counted(day: Day) -> None:
    targeted = day.target(None, plan(daily_budget=70))
    assert len(day.plan_rows()) == 3
    assert "7 exploring people get nothing: 7 because budget is used up" in targeted.sentence
    assert targeted.planned.day_plan.withheld == {"budget is used up": 7}


def test_a_closed_channel_and_a_reached_cap_are_seen_when_the_day_is_planned(day: Day) -> None:
    """The cap of e-mail is 4 within 30 days: three earlier contacts leave room for one, not for two."""
    earlier = DAY - timedelta(days=20)
    assign(day, dict.fromkeys(["u00", "u01", "u10", "u11"], "policy"), earlier)
    campaign = f"{day.project}-{earlier}"
    for entity, count in (("u00", 3), ("u01", 2), ("u10", 3), ("u11", 4)):
        for contact in range(1, count + 1):
            queue_contact(day, campaign, entity, contact, earlier, "accepted")
    day.execute("insert into ops.closed_channels values (%s, 'u12', 'email', now(), 'unsubscribed')", day.project)
    targeted = day.target(PROVEN, plan(daily_budget=10_000))
    planned = {str(row[1]): row[5] for row in day.plan_rows()}
    assert "u00" not in planned
    assert planned["u01"] == "email_discount_2"
    assert planned["u10"] == "email_none_1"
    assert not {"u11", "u12"} & set(planned)
    assert "1 because the channel was closed or its frequency cap is reached" in targeted.sentence


def test_a_day_without_a_campaign_is_one_sentence_and_the_old_plan_stays(day: Day) -> None:
    day.target(PROVEN)
    before = day.plan_rows()
    with pytest.raises(TargetError, match=f"no campaign {day.project}-2026-07-02, so nothing was planned") as caught:
        day.target(PROVEN, day=DAY + timedelta(days=1))
    assert is_one_sentence(caught.value)
    assert day.plan_rows() == before


def test_a_person_who_left_the_snapshot_stops_the_plan_and_the_old_one_stays(day: Day) -> None:
    day.target(PROVEN)
    before = day.plan_rows()
    file = day.snapshots.folder / "part.parquet"
    pd.read_parquet(file).query("user_id != 'u03'").to_parquet(file)
    with pytest.raises(TargetError, match="is not in the snapshot") as caught:
        day.target(PROVEN)
    assert is_one_sentence(caught.value)
    assert day.plan_rows() == before


def test_nobody_of_a_control_group_can_be_in_the_plan(day: Day) -> None:
    day.target(PROVEN, plan(daily_budget=100_000))
    planned = {str(row[1]) for row in day.plan_rows()}
    assert len(planned) == EXPLORERS + POLICY_PEOPLE
    assert not planned & {"u40", "u41", "x"}


RUN = """
import sys
from pathlib import Path
from dataclasses import replace
from serving import Mart
from tests.end_to_end.test_target import Day, SnapshotFolder, PROVEN, SPEC
from types import SimpleNamespace
url, project, folder = sys.argv[1:]
clone = SimpleNamespace(url=url)
snapshots = SnapshotFolder(replace(SPEC, project=project), Path(folder))
Day(clone, Mart(f"{project}_scores", "user_id", "text"), snapshots).target(PROVEN)
"""


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < until, "the run did not get there"
        time.sleep(0.05)


def test_a_run_killed_in_the_middle_leaves_the_old_plan(day: Day) -> None:
    """The owner's lock holds the run at its last table; there it is killed."""
    day.target(UNPROVEN)
    before = day.plan_rows(), day.recommendations(), day.prices()
    with psycopg.connect(day.clone.owner_url) as holder:
        holder.execute("lock table ops.constraint_prices in access exclusive mode")
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, day.clone.url, day.project, str(day.snapshots.folder)], cwd=ROOT,
            env={**day.clone.environment, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        waiting = (
            "select count(*) from pg_locks join pg_stat_activity using (pid) "
            "where not granted and query like 'delete from ops.constraint_prices%'"
        )
        wait_for(lambda: holder.execute(waiting).fetchone() == (1,), process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert (day.plan_rows(), day.recommendations(), day.prices()) == before
    day.target(PROVEN)
    assert len(day.plan_rows()) == 18


def test_the_run_shows_counts_prices_and_the_picture_of_the_budget(day: Day, tracking: Clone) -> None:
    with mlflow.start_run() as run:
        log_plan(day.target(PROVEN))
    client = MlflowClient()
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names >= {"plan.txt", "actions.json", "prices.json", "gain_by_budget.png"}
    metrics = client.get_run(run.info.run_id).data.metrics
    assert metrics == {"cost": 228.0, "expected_gain": pytest.approx(792.0)}
    table = mlflow.load_table("prices.json", run_ids=[run.info.run_id])
    assert table["constraint"].tolist() == ["budget", "channel sms"]


def test_readers_see_the_plan_of_the_latest_day(day: Day) -> None:
    day.target(PROVEN)
    view = f"mart.{day.mart.actions_table}_current"
    password = uuid.uuid4().hex
    user = f"reader_{uuid.uuid4().hex[:8]}"
    day.clone.as_owner(f"create role {user} login password '{password}'", f"grant prichal_reader to {user}",
                       f"grant connect on database prichal to {user}")  # fmt: skip
    try:
        with psycopg.connect(day.clone.url_of(user, password)) as reader:
            assert reader.execute(f"select count(*), min(score_date) from {view}").fetchone() == (18, DAY)
    finally:
        day.clone.as_owner(f"revoke connect on database prichal from {user}", f"drop role {user}")


def test_a_project_without_actions_is_one_sentence(clone: Clone) -> None:
    done = clone.run("python", "-m", "jobs.target", "--project", "cdnow")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1] == (
        "prichal: Project cdnow declares no actions: give its Project an ActionPlan, as projects/churn/actions.py does."
    )
